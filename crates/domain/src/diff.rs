//! Aligned rows of several patches over one base, as the interface, the terminal and the report draw them.
//!
//! **Invariant:** texts are already made visible: control, bidi and zero-width characters are tokens.

values! {
    /// One file of several patches, the base once with the variants under each changed place.
    pub struct Stacked {
        /// Where it is.
        pub path: String,
        /// Rows from the first line to the last, unchanged stretches folded into gaps.
        pub rows: Vec<StackedRow>,
        /// Who left it untouched, as indices into the patches given.
        pub untouched: Vec<u32>,
        /// Why there are no rows: binary content, or too large; `None` when there are.
        pub note: Option<String>,
    }

    /// One row of the stacked form. Authors are indices into the patches given.
    #[serde(tag = "row", rename_all = "snake_case")]
    pub enum StackedRow {
        /// A line of the base that nobody changed.
        Base {
            /// Its number in the base, from 1.
            line: u32,
            /// Its text.
            text: String,
        },
        /// Unchanged lines left out.
        Gap {
            /// The first line left out, from 1.
            from: u32,
            /// How many.
            lines: u32,
        },
        /// Who changes the lines below alike.
        Authors {
            /// Who.
            who: Vec<u32>,
            /// True when they remove, false when they put.
            removes: bool,
        },
        /// A line of the base that some removed.
        Removed {
            /// Its number in the base, from 1.
            line: u32,
            /// Its text, changed parts marked.
            spans: Vec<Span>,
            /// Who removed it.
            who: Vec<u32>,
        },
        /// A line that some put.
        Added {
            /// Its text, changed parts marked.
            spans: Vec<Span>,
            /// Who put it.
            who: Vec<u32>,
        },
    }

    /// One file of two patches side by side, the base as spine.
    pub struct Columns {
        /// Where it is.
        pub path: String,
        /// Rows.
        pub rows: Vec<ColumnRow>,
        /// Why there are no rows; `None` when there are.
        pub note: Option<String>,
    }

    /// One row of the side-by-side form.
    #[serde(tag = "row", rename_all = "snake_case")]
    pub enum ColumnRow {
        /// Unchanged lines left out.
        Gap {
            /// The first line left out, from 1, in the base.
            from: u32,
            /// How many.
            lines: u32,
        },
        /// A place in both.
        Line {
            /// The base's line number; `None` for a pure addition.
            base: Option<u32>,
            /// The left patch.
            left: ColumnCell,
            /// The right patch.
            right: ColumnCell,
        },
    }

    /// One side of a row.
    #[serde(tag = "cell", rename_all = "snake_case")]
    pub enum ColumnCell {
        /// Nothing stands here.
        Empty,
        /// As in the base.
        Same {
            /// Its number in this side's file, from 1.
            line: u32,
            /// Its text.
            text: String,
        },
        /// The base's line, removed.
        Removed {
            /// Its text, changed parts marked.
            spans: Vec<Span>,
        },
        /// Put here.
        Added {
            /// Its number in this side's file, from 1.
            line: u32,
            /// Its text, changed parts marked.
            spans: Vec<Span>,
        },
    }

    /// A piece of a line.
    #[derive(Eq)]
    pub struct Span {
        /// Its text.
        pub text: String,
        /// True when it is what changed in the line.
        pub changed: bool,
    }
}
