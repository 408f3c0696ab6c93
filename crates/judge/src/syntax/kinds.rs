//! What the kinds of nodes of each grammar mean here, by the numbers that the grammar gives them: asked for every node
//! of every file, so worked out from the names once.

use std::sync::OnceLock;

use super::Grammar;

/// What a kind of node means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    /// False for signs and keywords.
    pub(super) named: bool,
    /// What its text is as a token.
    pub(super) part: Part,
    /// Whether it defines a name.
    pub(super) defines: Defines,
    /// What it does to the flow of control.
    pub(super) flow: Flow,
}

/// What a node's text is as a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// As many tokens as it has leaves.
    Code,
    /// One literal, however the grammar cuts it up.
    Literal,
    /// One comment.
    Comment,
    /// Its leaves belong to an import.
    Import,
}

/// Where the name of what a node defines stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defines {
    /// It defines none.
    Nothing,
    /// In its field `name`.
    Name,
    /// In its field `type`.
    Type,
    /// In its name, where its value is a function.
    Function,
}

/// What a node does to the flow of control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// Nothing.
    Straight,
    /// A function.
    Function,
    /// `if`.
    If,
    /// `elif`.
    ElseIf,
    /// `else`.
    Else,
    /// A loop, a switch, a handler: deeper for what is inside.
    Nests,
    /// Two operands and a sign between.
    Binary,
    /// `goto`.
    Goto,
    /// `break` or `continue` as a statement.
    Leave,
    /// `break` or `continue` as an expression.
    LeaveExpression,
}

/// What stands for a node that the grammar has no number for: a stretch that it cannot read.
const UNREAD: Kind = Kind { named: true, part: Part::Code, defines: Defines::Nothing, flow: Flow::Straight };

/// The kinds of one grammar.
pub(super) struct Kinds(Vec<Kind>);

impl Kinds {
    /// Returns the kinds of a grammar, worked out once.
    pub(super) fn of(grammar: Grammar) -> &'static Kinds {
        static KNOWN: [OnceLock<Kinds>; 7] = [const { OnceLock::new() }; 7];
        KNOWN[grammar as usize].get_or_init(|| {
            let language = grammar.language();
            let ids = 0..u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX);
            let kind = |id| {
                let name = language.node_kind_for_id(id).unwrap_or_default();
                Kind {
                    named: language.node_kind_is_named(id),
                    part: part(name),
                    defines: defines(name),
                    flow: flow(name),
                }
            };
            Kinds(ids.map(kind).collect())
        })
    }

    /// Returns what the kind with a number means.
    pub(super) fn get(&self, id: u16) -> Kind {
        self.0.get(usize::from(id)).copied().unwrap_or(UNREAD)
    }
}

fn part(kind: &str) -> Part {
    match kind {
        "comment" | "line_comment" | "block_comment" | "doc_comment" | "html_comment" => Part::Comment,
        "string"
        | "string_literal"
        | "raw_string_literal"
        | "interpreted_string_literal"
        | "template_string"
        | "char_literal"
        | "character_literal"
        | "rune_literal"
        | "integer"
        | "float"
        | "number"
        | "integer_literal"
        | "float_literal"
        | "int_literal"
        | "decimal_integer_literal"
        | "hex_integer_literal"
        | "decimal_floating_point_literal"
        | "concatenated_string"
        | "regex"
        | "text_block"
        | "imaginary_literal" => Part::Literal,
        "import_statement"
        | "import_from_statement"
        | "future_import_statement"
        | "use_declaration"
        | "import_declaration"
        | "extern_crate_declaration" => Part::Import,
        _ => Part::Code,
    }
}

fn defines(kind: &str) -> Defines {
    match kind {
        "function_item"
        | "struct_item"
        | "enum_item"
        | "trait_item"
        | "mod_item"
        | "union_item"
        | "macro_definition"
        | "function_definition"
        | "class_definition"
        | "function_declaration"
        | "generator_function_declaration"
        | "class_declaration"
        | "method_definition"
        | "abstract_class_declaration"
        | "interface_declaration"
        | "enum_declaration"
        | "record_declaration"
        | "type_alias_declaration"
        | "method_declaration"
        | "constructor_declaration"
        | "type_spec" => Defines::Name,
        "impl_item" => Defines::Type,
        "variable_declarator" => Defines::Function,
        _ => Defines::Nothing,
    }
}

fn flow(kind: &str) -> Flow {
    match kind {
        "if_statement" | "if_expression" => Flow::If,
        "elif_clause" => Flow::ElseIf,
        "else_clause" => Flow::Else,
        "for_statement"
        | "while_statement"
        | "do_statement"
        | "for_in_statement"
        | "enhanced_for_statement"
        | "for_expression"
        | "while_expression"
        | "loop_expression"
        | "match_expression"
        | "match_statement"
        | "switch_statement"
        | "switch_expression"
        | "expression_switch_statement"
        | "type_switch_statement"
        | "select_statement"
        | "except_clause"
        | "catch_clause"
        | "conditional_expression"
        | "ternary_expression" => Flow::Nests,
        "function_item"
        | "function_definition"
        | "function_declaration"
        | "generator_function_declaration"
        | "method_definition"
        | "method_declaration"
        | "constructor_declaration"
        | "arrow_function"
        | "function_expression"
        | "func_literal"
        | "closure_expression"
        | "lambda"
        | "lambda_expression" => Flow::Function,
        "binary_expression" | "boolean_operator" => Flow::Binary,
        "goto_statement" => Flow::Goto,
        "break_statement" | "continue_statement" => Flow::Leave,
        "break_expression" | "continue_expression" => Flow::LeaveExpression,
        _ => Flow::Straight,
    }
}
