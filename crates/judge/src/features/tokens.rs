//! Similarity to a reference by tokens of the language, comments left out.

use std::collections::HashMap;

use fairtrial_domain::patch::{Content, Patch};
use fairtrial_patch::similarity::{NoSimilarity, by_units};

use super::Sources;
use crate::syntax::TokenKind;

/// Returns the base-normalised edit similarity of two patches by tokens (SCORING A4).
///
/// # Errors
/// When a file is too large, or the patches have different bases.
pub(crate) fn similarity<'a>(
    patch: &'a Patch,
    reference: &'a Patch,
    sources: &Sources<'a>,
) -> Result<f64, NoSimilarity> {
    let mut binary: HashMap<&str, u32> = HashMap::new();
    by_units(patch, reference, &mut |path, side| {
        let text = match side.map(|side| &side.content) {
            None => return Ok(vec![]),
            Some(Content::Text(text)) => text.as_str(),
            // Tokens are numbered from 0, so these are numbered from the other end.
            Some(Content::Binary(bytes)) => {
                let next = u32::MAX - u32::try_from(binary.len()).unwrap_or(u32::MAX);
                return Ok(vec![*binary.entry(bytes).or_insert(next)]);
            }
        };
        match sources.get(path, text).as_ref() {
            Ok(source) => {
                let numbered = source.tokens.iter().zip(sources.numbers(source));
                let code = numbered.filter(|(token, _)| token.kind != TokenKind::Comment);
                Ok(code.map(|(_, number)| *number).collect())
            }
            Err(why) => Err(NoSimilarity::Unread { path: path.to_owned(), why: why.to_string() }),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::patch;

    #[track_caller]
    fn check(path: &str, base: &str, a: &str, b: &str, expected: f64) {
        let (a, b) = (patch(&[(path, base, a)]), patch(&[(path, base, b)]));
        let got = similarity(&a, &b, &Sources::default()).unwrap();
        assert!((got - expected).abs() < 1e-12, "{got} {expected}");
    }

    #[test]
    fn layout_and_comments_do_not_count() {
        check("a.rs", "fn a() { b(1) }\n", "fn a() { b(2) }\n", "fn a() {\n    // why\n    b(2)\n}\n", 1.0);
        check("a.py", "x = 1\n", "x = 2\n", "x = 3\n", 0.5);
    }

    #[test]
    fn what_is_too_large_is_missing_with_the_reason() {
        let long = "x = 1\n".repeat(200_000);
        let a = patch(&[("a.py", "", &long)]);
        let none = Patch::default();
        let missing = similarity(&a, &none, &Sources::default()).unwrap_err();
        assert_eq!(missing.to_string(), "too large: `a.py` has more than 1048576 bytes");
    }
}
