/** English, screen by screen. A message is a text, or one text per plural form of `n`; `{name}` is filled in. */
import { app } from './en/app';
import { diffs } from './en/diffs';
import { evidence } from './en/evidence';
import { fresh } from './en/new';
import { run } from './en/run';
import { score } from './en/score';
import { verdictEn } from './verdict';

export const en = { ...app, ...fresh, ...run, ...diffs, ...score, ...evidence, ...verdictEn } as const;

export type Key = keyof typeof en;
