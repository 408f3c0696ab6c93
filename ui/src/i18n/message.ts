/** What a message is: one text, or one per plural form of the placeholder `n`. */
export type Message = string | Plural;
export type Plural = { other: string } & Partial<Record<'zero' | 'one' | 'two' | 'few' | 'many', string>>;

/** A screen's messages in another language: a missing or an unknown key does not compile. */
export type In<Screen> = Record<keyof Screen, Message>;
