//! One thing that can be borrowed.

/// A tool as the catalogue knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What is written on the shelf.
    pub title: String,
    /// Where it is used: `garden`, `wood`, `bicycle` …
    pub tags: Vec<String>,
}

impl Item {
    /// Makes an item of a title and its tags.
    pub fn new(title: &str, tags: &[&str]) -> Self {
        Item {
            title: title.to_owned(),
            tags: tags.iter().map(|tag| tag.to_lowercase()).collect(),
        }
    }

    /// Returns the words of the title in lower case.
    pub fn words(&self) -> Vec<String> {
        self.title
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    }
}
