//! One attribute list for all values, so that the schema and the TypeScript types never miss one.

/// Declares values that travel as JSON: snake_case variants, and schema types behind the feature `schema`.
#[macro_export]
macro_rules! values {
    ($( $(#[$meta:meta])* $vis:vis $kind:ident $name:ident $body:tt )*) => {
        $(
            #[derive(Debug, Clone, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
            #[cfg_attr(feature = "schema", derive(::schemars::JsonSchema, ::ts_rs::TS))]
            $(#[$meta])*
            $vis $kind $name $body
        )*
    };
}
