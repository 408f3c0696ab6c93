/** Arabic, with its six plural forms, screen by screen. */
import { app } from './ar/app';
import { diffs } from './ar/diffs';
import { evidence } from './ar/evidence';
import { fresh } from './ar/new';
import { run } from './ar/run';
import { score } from './ar/score';
import type { Key } from './en';
import type { Message } from './message';
import { verdictAr } from './verdict';

export const ar: Record<Key, Message> = { ...app, ...fresh, ...run, ...diffs, ...score, ...evidence, ...verdictAr };
