//! Writes markup in which names are ours and text is inert.
//!
//! **Invariant:** every element is closed, and whatever is given as text or attribute value is escaped and made
//! visible; there is no way to pass markup through.

use std::fmt::Write;

/// Names and values of attributes.
pub(crate) type Attributes<'a> = &'a [(&'static str, &'a str)];

/// A document that grows.
#[derive(Default)]
pub(crate) struct Markup {
    out: String,
}

impl Markup {
    /// Starts an HTML document.
    pub(crate) fn document() -> Markup {
        Markup { out: "<!DOCTYPE html>\n".to_owned() }
    }

    /// Returns the document.
    pub(crate) fn finish(self) -> String {
        self.out
    }

    /// Writes an element with what `content` writes in it.
    pub(crate) fn inside(
        &mut self,
        name: &'static str,
        attributes: Attributes<'_>,
        content: impl FnOnce(&mut Self),
    ) {
        self.open(name, attributes);
        self.out.push('>');
        content(self);
        let _ = write!(self.out, "</{name}>");
        if !INLINE.contains(&name) {
            self.out.push('\n');
        }
    }

    /// Writes an element with text in it.
    pub(crate) fn leaf(&mut self, name: &'static str, attributes: Attributes<'_>, text: &str) {
        self.inside(name, attributes, |m| m.text(text));
    }

    /// Writes an element that has no content.
    pub(crate) fn void(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.open(name, attributes);
        self.out.push_str("/>");
    }

    /// Writes text.
    pub(crate) fn text(&mut self, text: &str) {
        for c in fairtrial_patch::visible(text).chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                c => self.out.push(c),
            }
        }
    }

    /// Writes our own style sheet.
    pub(crate) fn style(&mut self, css: &'static str) {
        self.out.push_str("<style>");
        self.out.push_str(css);
        self.out.push_str("</style>\n");
    }

    fn open(&mut self, name: &'static str, attributes: Attributes<'_>) {
        let _ = write!(self.out, "<{name}");
        for (attribute, value) in attributes {
            let _ = write!(self.out, " {attribute}=\"");
            self.text(value);
            self.out.push('"');
        }
    }
}

/// Elements after which a line break would be seen.
const INLINE: &[&str] = &["a", "b", "bdi", "code", "span", "text", "i", "abbr", "pre", "strong"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_values_are_inert() {
        let mut m = Markup::default();
        m.leaf("b", &[("title", "\"><script>")], "<img src=x onerror='a'>\u{202e}\u{1b}&amp;");
        assert_eq!(
            m.finish(),
            "<b title=\"&quot;&gt;&lt;script&gt;\">&lt;img src=x onerror=&#39;a&#39;&gt;‹U+202E›␛&amp;amp;</b>"
        );
    }
}
