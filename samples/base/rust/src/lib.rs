//! The catalogue of the Larkfield tool library: its items, and the search at the door.

mod item;
mod query;

pub use item::Item;
pub use query::Query;

/// Returns the items that `text` finds, in the order of the catalogue.
pub fn search<'a>(items: &'a [Item], text: &str) -> Vec<&'a Item> {
    let query = Query::parse(text);
    items.iter().filter(|item| query.matches(item)).collect()
}
