/** Every screen of the built bundle in a real browser, behind the product's content security policy. */
import { createRequire } from 'node:module';
import { mkdir, readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { HOSTILE } from '../fixtures/trials';
import { CROSSED } from '../fixtures/crossing';
import { halted, LIVE, LOOK, OVER } from '../fixtures/runs';
import { launch, serve } from './support';

const SHOTS = process.env['SCREENSHOTS'];
const axe = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** All rules in the light; the dark changes colours alone, so it is asked about these. */
const RULES = {
  light: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] },
  dark: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] },
};

type Screen = { name: string; at: string; ready: string; before?: (page: Page) => Promise<unknown> };

const evidence = (task: string, assistant: string) => `#/run/${OVER}/evidence?task=${task}&assistant=${assistant}&trial=1`;
const click = (testid: string) => (page: Page) => page.click(`[data-testid="${testid}"]`);

const SCREENS: Screen[] = [
  { name: 'new', at: '#/new', ready: '[data-testid="machine"]' },
  { name: 'new-filled', at: '#/new', ready: '[data-testid="machine"]', before: fillTry },
  { name: 'new-suite', at: '#/new', ready: '[data-testid="choose-suite"]', before: click('choose-suite') },
  { name: 'new-suite-how', at: '#/new', ready: '[data-testid="choose-suite"]', before: openHow },
  { name: 'new-suite-how-few', at: '?empty#/new', ready: '[data-testid="choose-suite"]', before: openHow },
  { name: 'new-suite-crossed', at: '?crossed#/new', ready: '[data-testid="choose-suite"]', before: crossModels },
  { name: 'new-suite-audit', at: '#/new', ready: '[data-testid="choose-suite"]', before: openAudit },
  { name: 'new-suite-preflight', at: '#/new', ready: '[data-testid="choose-suite"]', before: openPreflight },
  { name: 'new-bare', at: '?empty#/new', ready: '[data-testid="machine"]' },
  { name: 'runs', at: '#/runs', ready: '[data-testid="runs-table"]' },
  { name: 'runs-empty', at: '?empty#/runs', ready: '[data-testid="start-sample"]' },
  { name: 'review', at: '#/review', ready: '[data-testid="later-review"]' },
  { name: 'decide', at: '#/decide', ready: '[data-testid="later-decide"]' },
  { name: 'library', at: '#/library', ready: '[data-testid="later-library"]' },
  { name: 'live', at: `#/run/${LIVE}/overview`, ready: '[data-testid="lane"][data-assistant="dogwood"] [data-testid="lane-cost"]' },
  { name: 'overview', at: `#/run/${OVER}/overview`, ready: '[data-testid="lanes-empty"]' },
  { name: 'stop', at: `#/run/${LIVE}/overview`, ready: '[data-testid="run-stop"]', before: click('run-stop') },
  { name: 'diffs', at: `#/run/${OVER}/diffs`, ready: '[data-testid="diff-stacked"] [data-testid="diff-row"]' },
  { name: 'diffs-reference', at: `#/run/${OVER}/diffs`, ready: '[data-testid="diff-stacked"]', before: click('toggle-reference') },
  { name: 'diffs-columns', at: `#/run/${OVER}/diffs`, ready: '[data-testid="diff-stacked"]', before: click('form-columns') },
  { name: 'scoreboard', at: `#/run/${OVER}/scoreboard`, ready: '[data-testid="interval-chart"]' },
  { name: 'scoreboard-open', at: `#/run/${OVER}/scoreboard`, ready: '[data-testid="interval-chart"]', before: openAll },
  { name: 'scoreboard-tested', at: `#/run/${OVER}/scoreboard`, ready: '[data-testid="interval-chart"]', before: selfTest },
  { name: 'scoreboard-withheld', at: `#/run/${LIVE}/scoreboard`, ready: '[data-testid="interval-chart"]' },
  { name: 'crossed', at: `#/run/${CROSSED}/overview`, ready: '[data-testid="run-left-out"]', before: (page) => page.click('[data-testid="run-left-out"] summary') },
  { name: 'crossed-scoreboard', at: `#/run/${CROSSED}/scoreboard`, ready: '[data-testid="factors"]' },
  { name: 'evidence', at: `#/run/${OVER}/evidence`, ready: '[data-testid="trial-map"]' },
  { name: 'evidence-resolved', at: evidence('zero-weight', 'aster'), ready: '[data-testid="transcript"]' },
  { name: 'evidence-traffic', at: evidence('zero-weight', 'aster'), ready: '[data-testid="vendor"]', before: (page) => page.locator('[data-testid="prices"]').scrollIntoViewIfNeeded() },
  { name: 'evidence-set-aside', at: evidence('zero-weight', 'dogwood'), ready: '[data-testid="rule-location"]' },
  { name: 'evidence-out-of-time', at: evidence('zero-weight', 'fir'), ready: '[data-testid="transcript"]' },
  { name: 'evidence-rounds', at: evidence('volume-discount', 'cedar'), ready: '[data-testid="round"]', before: openRound },
  { name: 'evidence-hostile', at: evidence('volume-discount', 'birch'), ready: '[data-testid="transcript"]' },
  { name: 'missing', at: '#/run/nothing/overview', ready: '[data-testid="error-note"]' },
  { name: 'palette', at: '#/runs', ready: '[data-testid="runs-table"]', before: (page) => page.keyboard.press('Control+k') },
  { name: 'help', at: '#/runs', ready: '[data-testid="runs-table"]', before: (page) => page.keyboard.press('?') },
];

async function fillTry(page: Page) {
  await page.fill('[data-testid="folder"]', '~/code/parcels');
  await page.fill('[data-testid="instruction"]', 'Refuse a negative weight with an error that names the parcel.');
  await page.waitForSelector('input[name="check"]');
}

async function openHow(page: Page) {
  await page.click('[data-testid="choose-suite"]');
  await page.click('[data-testid="how"] summary');
}

async function crossModels(page: Page) {
  await page.click('[data-testid="choose-suite"]');
  await page.check('[data-testid="model"] input');
  await page.fill('[data-testid="model-name"]', 'invented-mini-4');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-testid="pairs"]');
}

async function openAudit(page: Page) {
  await page.click('[data-testid="choose-suite"]');
  await page.click('[data-testid="audit-task"][data-status="weak"] summary');
  await page.click('[data-testid="audit-task"][data-status="leaked"] summary');
  await page.locator('[data-testid="audit"]').scrollIntoViewIfNeeded();
}

async function openPreflight(page: Page) {
  await page.click('[data-testid="choose-suite"]');
  await page.click('[data-testid="preflight-start"]');
  await page.waitForSelector('[data-testid="preflight-line"]');
  await page.locator('[data-testid="preflight"]').scrollIntoViewIfNeeded();
}

async function openRound(page: Page) {
  await page.click('[data-testid="round"] > summary');
  await page.locator('[data-testid="rounds"]').scrollIntoViewIfNeeded();
}

async function selfTest(page: Page) {
  await page.click('[data-testid="self-test-start"]');
  await page.waitForSelector('[data-testid="coverage"]');
  await page.locator('[data-testid="self-test"]').scrollIntoViewIfNeeded();
}

function openAll(page: Page) {
  return page.evaluate(() => document.querySelectorAll('details').forEach((one) => (one.open = true)));
}

let browser: Browser;
let server: Server;
let address: string;

beforeAll(async () => {
  ({ address, server } = await serve('dist-recorded'));
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

/** A page that remembers what went wrong on it. */
async function open(context: BrowserContext, at: string): Promise<{ page: Page; wrongs: string[] }> {
  const page = await context.newPage();
  const wrongs: string[] = [];
  page.on('pageerror', (error) => wrongs.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') wrongs.push(message.text());
  });
  await page.goto(`${address}/${at}`);
  return { page, wrongs };
}

async function reader(theme: 'light' | 'dark', locale: 'en' | 'ar', size = { width: 1280, height: 800 }): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: size, reducedMotion: 'reduce', colorScheme: 'light' });
  await context.addInitScript((kept) => localStorage.setItem('fairtrial.preferences', kept), JSON.stringify({ theme, locale }));
  return context;
}

describe.each([
  ['light', 'en'],
  ['light', 'ar'],
  ['dark', 'en'],
  ['dark', 'ar'],
] as const)('%s, %s', (theme, locale) => {
  // One reader looks at all of them: fonts and scripts are fetched once, as they are in use.
  let context: BrowserContext;
  beforeAll(async () => {
    context = await reader(theme, locale);
  });
  afterAll(() => context.close());

  it.concurrent.each(SCREENS)('$name meets WCAG AA and keeps to the policy', async ({ name, at, ready, before }) => {
    const { page, wrongs } = await open(context, at);
    await page.waitForSelector(ready);
    await before?.(page);
    await page.evaluate(() => document.fonts.ready);
    await settled(page);
    if (SHOTS) {
      await mkdir(SHOTS, { recursive: true });
      await page.screenshot({ path: join(SHOTS, `${name}-${theme}-${locale}.png`) });
    }
    const html = page.locator('html');
    expect([await html.getAttribute('lang'), await html.getAttribute('dir'), await html.getAttribute('data-theme')]).toEqual([locale, locale === 'ar' ? 'rtl' : 'ltr', theme]);
    expect(await violations(page, theme)).toEqual([]);
    expect(await smallText(page)).toEqual([]);
    expect(wrongs).toEqual([]);
    await page.close();
  });
});

/** Two frames, and whatever was still asked for. */
async function settled(page: Page) {
  await page.waitForTimeout(120);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

async function violations(page: Page, theme: keyof typeof RULES): Promise<string[]> {
  await page.evaluate(await axe);
  return page.evaluate(async (runOnly) => {
    const { axe } = window as unknown as { axe: { run: (on: Document, options: object) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } };
    const found = await axe.run(document, { runOnly, resultTypes: ['violations'] });
    return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary.slice(0, 300)}`));
  }, RULES[theme]);
}

/** Texts below twelve pixels. */
const smallText = (page: Page) =>
  page.evaluate(() => {
    const small: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (!parent || !node.textContent?.trim()) continue;
      if (Number.parseFloat(getComputedStyle(parent).fontSize) < 12) small.push(node.textContent.slice(0, 40));
    }
    return small;
  });

describe('untrusted text', () => {
  it('stays text: no element, no script, hidden characters shown, a megabyte clipped', async () => {
    const context = await reader('light', 'en');
    const { page, wrongs } = await open(context, evidence('volume-discount', 'birch'));
    await page.waitForSelector('[data-testid="transcript"] [data-type="unparsed"]');
    expect(await page.evaluate(() => 'hacked' in window || '__hacked' in window)).toBe(false);
    expect(await page.locator('main img, main script, main iframe').count()).toBe(0);
    const said = await page.locator('[data-testid="transcript"]').innerText();
    expect(said).toContain(HOSTILE.markup);
    expect(said).toContain('photo_U+202Egnp.exe');
    expect(said).toContain('ESC[31mall tests passed');
    for (const hidden of ['\u202e', '\u001b', '\u0007']) expect(said).not.toContain(hidden);
    expect(said.length).toBeLessThan(20_000);
    const ending = await page.innerText('[data-testid="trial-ending"]');
    expect(ending).toContain(`Its program broke: ${HOSTILE.markup} open photo_U+202Egnp.exe`);
    expect([ending.length < 700, ending.includes('\u202e')]).toEqual([true, false]);
    await page.click('[data-type="unparsed"] [data-testid="show-rest"]');
    const more = (await page.locator('[data-type="unparsed"]').textContent())?.length ?? 0;
    expect([more > 20_000, more < 30_000]).toEqual([true, true]);
    expect(wrongs).toEqual([]);
    await context.close();
  });
});

describe('what may be concluded', () => {
  it('is told with its figures, its standing and every comparison behind it', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, `#/run/${OVER}/scoreboard`);
    await page.waitForSelector('[data-testid="verdict"][data-standing="pre_registered"]');
    const text = async (testid: string) => page.locator(`[data-testid="${testid}"]`).allInnerTexts();
    expect((await text('verdict-sentence')).join(' ')).toContain('Top group: Aster, Birch and Cedar; no rival beats any of them. Beaten by at least one: Dogwood, Elder and Fir.');
    await page.click('[data-testid="verdict"] summary');
    expect(await text('verdict-part')).toContain('Aster solves more tasks than Dogwood: 60 points more (95% interval 27 to 93, on 5 tasks).');
    const sheet = await page.innerText('[data-testid="fairness-panel"]');
    const cheating = (await page.innerText('[data-testid="cheating"] tr[data-assistant="dogwood"]')).replaceAll(/\s+/g, ' ');
    expect(cheating).toBe('D Dogwood 3 of 3 100% 44% to 100%');
    const judges = (await page.innerText('[data-testid="judges"]')).replaceAll(/\s+/g, ' ');
    expect(judges).toContain('advisory: no verdict rests on it');
    expect(judges).toContain('Maple (sample), no model: 24 answers, 3 not read. The order decided 4 of 10 pairs (40%, 17% to 69%): each a tie. Cost: $0.00, simulated.');
    expect(judges).toContain('α = 0.410 (fewer than 30 overlap)');
    expect(sheet).toContain('not known');
    expect(sheet).toContain('The same for all: Model, Network and Limits.');
    await page.goto(`${address}/#/run/${LIVE}/scoreboard`);
    await page.waitForSelector('[data-testid="verdict"][data-standing="exploratory"]');
    expect(await page.innerText('[data-testid="exploratory"]')).toContain('Exploratory: the run stopped before its plan was through.');
    await context.close();
  });

  it('is told in Arabic by the same data', async () => {
    const context = await reader('light', 'ar');
    const { page } = await open(context, `#/run/${OVER}/scoreboard`);
    await page.waitForSelector('[data-testid="verdict-sentence"]');
    const said = (await page.locator('[data-testid="verdict-sentence"]').allInnerTexts()).join(' ');
    expect(said).toContain('مجموعة الصدارة');
    expect(said).not.toMatch(/[{}]/);
    // Figures are the language's own, also beside a sign that is not.
    expect((await page.innerText('[data-testid="judges"]')).replaceAll(/[\u2066-\u2069]/g, '')).toMatch(/α = ٠٫٤١٠ \(أقل من ٣٠ مشتركة\)/);
    await context.close();
  });

  it('rests on rates that can be tested here', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, `#/run/${OVER}/scoreboard`);
    await page.waitForSelector('[data-testid="self-test-start"]');
    expect(await page.locator('[data-testid="coverage"]').count()).toBe(0);
    await selfTest(page);
    expect(await page.getAttribute('[data-testid="self-test-held"]', 'data-held')).toBe('true');
    expect(await page.innerText('[data-testid="coverage"]')).toMatch(/difference, paired\s+24\s+93.8%\s+95.3%\s+97.4%/);
    await context.close();
  });
});

describe('evidence', () => {
  it('has every dimension with its formula, or the reason why there is none', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, evidence('zero-weight', 'dogwood'));
    await page.waitForSelector('[data-testid="scores"]');
    const row = (id: string) => page.innerText(`[data-testid="score"][data-score="${id}"]`);
    expect(await row('scope')).toMatch(/Scope\s+0.82\s+1 − 3 \/ 17 = 0.82/);
    expect(await row('integrity')).toContain('tests/test_rates.py:31');
    expect(await row('lint')).toContain('the task declares no linter');
    const unknown = page.locator('[data-testid="score-group"][data-group="unknown"] [data-testid="score"]');
    expect(await unknown.evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset['score']))).toEqual(['similarity', 'lint', 'review', 'judge']);
    await context.close();
  });

  it('says what left the machine, line by line, and which prices were used', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, evidence('zero-weight', 'aster'));
    await page.waitForSelector('[data-testid="vendor"]');
    const left = await page.innerText('[data-testid="network"]');
    for (const said of ['models.example', '11 requests to the model', 'Models that answered: invented-1', 'parcels/rates.py', '38 of 41 lines; lines 1–24, 30–41', 'the assistant reports 1,790']) expect(left).toContain(said);
    expect(await page.innerText('[data-testid="prices"]')).toMatch(/invented-1.*table of 2026-11-01\s+3\s+0.3\s+3.75\s+6\s+15/);
    expect(await page.locator('[data-testid="usage"]').evaluate((panel) => [...panel.querySelectorAll('th, td')].every((cell) => cell.getBoundingClientRect().right <= panel.getBoundingClientRect().right))).toBe(true);
    await context.close();
  });

  it('names a check and its test apart', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, evidence('volume-discount', 'cedar'));
    await page.waitForSelector('[data-testid="trial-worth"]');
    expect(await page.locator('[data-testid="trial-result"] li').allInnerTexts()).toEqual(['hidden ZeroWeight.test_zero_is_lightest_class', 'hidden ZeroWeight.test_negative_names_the_parcel']);
    await context.close();
  });

  it('of a further round is there test by test, with its end, its worth, and who says what it cost', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, evidence('volume-discount', 'cedar'));
    await page.waitForSelector('[data-testid="round"]');
    await openRound(page);
    const [second, third] = (await page.locator('[data-testid="round"] > summary').allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '));
    expect(second).toBe('Round 2 out of time $0.16 (simulated by a sample), 51 secs up to here');
    expect(third).toContain('Round 3 resolved $0.20 (simulated by a sample)');
    const told = await page.innerText('[data-testid="round"][data-round="2"]');
    for (const said of ['It was silent for longer than allowed.', '2 tests that count did not pass.', 'ZeroWeight.test_zero_is_lightest_class', 'AssertionError: 0 != 390']) expect(told).toContain(said);
    expect(await page.locator('[data-testid="round"][data-round="2"] [data-testid="check"]').evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset['status']))).toEqual(['failed', 'passed', 'passed']);
    await page.goto(`${address}/#/run/${OVER}/scoreboard`);
    await page.waitForSelector('[data-testid="rounds-table"]');
    expect((await page.innerText('[data-testid="rounds-table"] tr[data-round="2"]')).replaceAll(/\s+/g, ' ').trim()).toBe('2 97% 68% to 100% 5 $1.85 simulated 7 mins');
    await context.close();
  });

  it('says of every round what it reached, which limit ended it, and how many lines nobody understood', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, evidence('volume-discount', 'cedar'));
    await page.waitForSelector('[data-testid="round"]');
    const left = async (round: number) => (await page.innerText(`[data-testid="network-round"][data-round="${round}"]`)).replaceAll(/\s+/g, ' ').trim();
    expect(await left(1)).toContain('Round 1 Hosts models.example reached 11 times');
    expect(await left(2)).toBe('Round 2 Hosts late.example reached 3 times, 5.2k bytes out, 9.1k in');
    expect(await left(3)).toBe('Round 3 No host was asked for, and no model.');
    expect(await page.innerText('[data-testid="transcript"] [data-testid="unread"]')).toBe('3 lines of its stream in all rounds could not be read; they are kept as written.');
    await openRound(page);
    const second = page.locator('[data-testid="round"][data-round="2"]');
    expect(await second.locator('[data-testid="limit"]').innerText()).toBe('It reached a limit: silent for 10 s (looked at: output, traffic with its model, CPU)');
    expect(await second.locator('[data-testid="unread"]').innerText()).toBe('2 lines of its stream could not be read; they are kept as written.');
    expect(await page.locator('[data-testid="round"][data-round="3"] :is([data-testid="limit"], [data-testid="unread"])').count()).toBe(0);
    await context.close();
    const arabic = await reader('light', 'ar');
    const { page: other } = await open(arabic, evidence('volume-discount', 'cedar'));
    await other.waitForSelector('[data-testid="network-round"]');
    expect(await other.locator('[data-testid="network-round"] > h3').allInnerTexts()).toEqual(['الدور ١', 'الدور ٢', 'الدور ٣']);
    expect(await other.innerText('[data-testid="network-round"][data-round="2"]')).toContain('late.example');
    await other.goto(`${address}/${evidence('zero-weight', 'fir')}`);
    expect(await other.innerText('[data-testid="trial-limit"]')).toBe('time limit of 30 s');
    await arabic.close();
  });

  it('does not say that nothing left where nothing was seen, and tells a replay from a run', async () => {
    const context = await reader('light', 'en');
    const silence = async (run: string) => {
      const { page } = await open(context, evidence('zero-weight', 'elder').replace(OVER, run));
      const said = await page.innerText('[data-testid="silence"]');
      const replays = await page.locator('header [data-testid="replay"]').allInnerTexts();
      await page.close();
      return [said, ...replays];
    };
    expect(await silence(OVER)).toEqual(['No host was asked for, and no model.']);
    expect(await silence(LOOK)).toEqual(['Nothing stood between the assistant and the network: what it sent cannot be told.', 'replay']);
    await context.close();
  });
});

describe('before anything is spent', () => {
  it.each(['en', 'ar'] as const)('a plan says in %s what it could show and what it costs', async (locale) => {
    const context = await reader('light', locale);
    const { page } = await open(context, '#/new');
    await page.click('[data-testid="choose-suite"]');
    const said = (await page.innerText('[data-testid="forecast"]')).replaceAll(/[\u061c\u2066-\u2069]/g, '');
    expect(said).toBe(
      locale === 'en'
        ? '6 tasks that count could show a difference of about 55 points, with 80% power. About 108 would show 10 points. It costs nothing: samples call no model.'
        : 'قد تُظهر ٦ مهام محتسبة فرقًا قدره نحو ٥٥ نقطة بقوة ٨٠٪. ونحو ١٠٨ مهام تُظهر ١٠ نقاط. ولا تكلّف شيئًا: العيّنات لا تستدعي أي نموذج.',
    );
    await context.close();
  });

  it('names what a cell does not show, with the line that allows it and what that gives away', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, '#/new');
    await openPreflight(page);
    expect(await page.locator('[data-testid="preflight-line"]').allInnerTexts()).toEqual(['requires = ["node", "invented-tool"]', 'readable = ["~/.invented"]']);
    expect(await page.innerText('[data-testid="preflight-task"][data-runs="false"]')).toContain('these look like secrets: token.txt');
    await context.close();
  });
});

describe('how a suite runs', () => {
  it('is said in a line, chosen by what each isolation keeps, and told of whom it holds', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, '?crossed#/new');
    await openHow(page);
    const line = () => page.innerText('[data-testid="how-line"]');
    expect(await line()).toBe('best here: full isolation · 1 round · no limit on requests');
    const how = await page.innerText('[data-testid="how"]');
    expect(how).toContain('Does not keep: hidden paths of the trial');
    expect(how).toMatch(/plain\s+not isolated\s+carries no verdict/);
    expect(await page.locator('[data-testid="tier-bubblewrap"]').isDisabled()).toBe(true);
    expect(await page.innerText('[data-testid="tier-missing"]')).toBe('`bwrap` is not on the PATH: install bubblewrap');
    const told = async (testid: string) => (await page.locator(`[data-testid="${testid}"]`).allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '));
    expect(await told('rounds-can')).toEqual(['Can take a further round: R Rowan S Sorrel']);
    expect(await told('rounds-cannot')).toEqual(['T Tansy one round: it cannot resume a session']);
    expect(await told('uncounted')).toEqual([]);

    await page.check('[data-testid="tier-plain"]');
    await page.check('[data-testid="rounds-3"] input');
    await page.fill('[data-testid="requests"]', '1.5');
    expect(await line()).toBe('no isolation · 3 rounds · A limit on requests is a whole number from 1 on.');
    expect(await page.locator('[data-testid="start-suite"]').isDisabled()).toBe(true);
    await page.fill('[data-testid="requests"]', '40');
    expect(await line()).toBe('no isolation · 3 rounds · at most 40 requests a trial');
    expect(await told('uncounted')).toEqual(['T Tansy its requests do not pass our meter, so a limit would not bound them']);
    await page.keyboard.press('Shift+Tab');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('rounds');
    await context.close();
  });
});

describe('tools and models', () => {
  it('are crossed before the run: the pairs, and those that cannot be with the reason', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, '?crossed#/new');
    await page.click('[data-testid="choose-suite"]');
    // Who takes no model has nothing to cross.
    for (const one of ['rowan', 'sorrel']) await page.click(`[data-testid="choose-${one}"] input`);
    expect(await page.locator('[data-testid="model-name"]').count()).toBe(0);
    for (const one of ['rowan', 'sorrel']) await page.click(`[data-testid="choose-${one}"] input`);
    await page.check('[data-testid="model"] input');
    await page.fill('[data-testid="model-name"]', 'invented-mini-4');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('[data-testid="pairs"] .who').length === 4);
    expect(await page.innerText('[data-testid="start-suite"]')).toBe('Run 4 assistants × 6 tasks × 1 trial');
    expect((await page.innerText('[data-testid="left-out"]')).replaceAll(/\s+/g, ' ')).toBe('tansy with invented-large-4-5 Tansy takes no model tansy with invented-mini-4 Tansy takes no model');
    await page.uncheck('[data-testid="model"] input >> nth=0');
    await page.waitForFunction(() => document.querySelectorAll('[data-testid="pairs"] .who').length === 2);
    await page.uncheck('[data-testid="model"] input >> nth=1');
    await page.waitForSelector('[data-testid="pairs"]', { state: 'detached' });
    expect(await page.innerText('[data-testid="start-suite"]')).toBe('Run 3 assistants × 6 tasks × 1 trial');
    await context.close();
  });

  it('stay told apart on the run’s pages: who was left out, and whether it is the tool or the model', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, `#/run/${CROSSED}/overview`);
    await page.click('[data-testid="run-left-out"] summary');
    expect(await page.innerText('[data-testid="run-left-out"]')).toMatch(/2 pairs left out\s+tansy with invented-large-4-5\s+Tansy takes no model/);
    await page.goto(`${address}/#/run/${CROSSED}/scoreboard`);
    await page.waitForSelector('[data-testid="factors"]');
    expect(await page.innerText('[data-testid="excluded"]')).toMatch(/2 pairs left out\s+tansy with invented-large-4-5\s+Tansy takes no model/);
    const rows = (await page.locator('[data-testid="factors"] tbody tr').allInnerTexts()).map((row) => row.replaceAll(/\s+/g, ' '));
    expect(rows).toEqual([
      'Tool rowan against sorrel over invented-large-4-5 and invented-mini-4 +17 -8 to +41 5 0.142',
      'Model invented-large-4-5 against invented-mini-4 over rowan and sorrel +20 +2 to +38 5 0.036',
      'Interaction rowan and sorrel with invented-large-4-5 and invented-mini-4, halved -7 -27 to +14 5 0.431',
    ]);
    await page.goto(`${address}/#/run/${OVER}/scoreboard`);
    await page.waitForSelector('[data-testid="excluded"]');
    expect(await page.locator('[data-testid="factors"]').count()).toBe(0);
    await context.close();
  });
});

describe('a reader', () => {
  it('moves by keyboard alone: places, tabs, changes, palette', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, '#/new');
    await page.waitForSelector('[data-testid="machine"]');
    await page.keyboard.press('2');
    await page.waitForSelector('[data-testid="runs-table"]');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('library');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-testid="later-library"]');
    await page.goto(`${address}/#/run/${OVER}/overview`);
    await page.waitForSelector('[data-testid="lanes-empty"]');
    await page.keyboard.press('d');
    await page.waitForSelector('[data-testid="diff-authors"]');
    await page.keyboard.press('j');
    await page.waitForSelector('.at[data-row="5"]');
    await page.keyboard.press('Shift+J');
    await page.waitForSelector('[data-path="parcels/errors.py"][aria-current="true"]');
    await page.keyboard.press('c');
    await page.waitForSelector('[data-testid="diff-columns"]');
    await page.keyboard.press('s');
    await page.waitForSelector('[data-testid="verdict-headline"]');
    await context.close();
  });

  it('starts the sample with one click and watches it', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, '#/new');
    await page.click('[data-testid="start-sample"]');
    await page.waitForSelector('[data-testid="lane"][data-assistant="aster"]');
    await page.waitForFunction(() => Number(document.querySelector<HTMLElement>('[data-testid="lane"]')?.dataset['items']) >= 6);
    expect(await page.getAttribute('[data-testid="map-cell"][data-task="zone-lookup"][data-assistant="dogwood"]', 'data-state')).toBe('set_aside');
    await context.close();
  });

  it('is offered to take a run up only where that can be done, and its report wherever nobody works on it', async () => {
    const context = await reader('light', 'en');
    const offered = async (run: string) => {
      const { page } = await open(context, `#/run/${run}/scoreboard`);
      await page.waitForSelector('[data-testid="run-progress"]');
      const there = await page.locator('[data-testid="run-resume"], [data-testid="write-report"]').evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset['testid']));
      await page.close();
      return there;
    };
    expect({ interrupted: await offered(halted.interrupted), cancelled: await offered(halted.cancelled), spent: await offered(halted.out_of_budget), over: await offered(OVER), live: await offered(LIVE) }).toEqual({
      interrupted: ['run-resume', 'write-report'],
      cancelled: ['run-resume', 'write-report'],
      spent: ['write-report'],
      over: ['write-report'],
      live: [],
    });
    await context.close();
  });

  it('opens any trial from the map, and the trial’s diffs from its evidence', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, `#/run/${OVER}/scoreboard`);
    await page.click('[data-testid="map-cell"][data-task="zero-weight"][data-assistant="dogwood"][data-trial="1"]');
    await page.waitForSelector('[data-testid="trial-worth"][data-state="set_aside"]');
    expect(await page.textContent('[data-testid="rule-location"]')).toBe('tests/test_rates.py:31');
    await page.click('[data-testid="to-diffs"]');
    await page.waitForSelector('[data-testid="diff-stacked"]');
    await context.close();
  });

  it('keeps the language and the theme over a restart', async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', colorScheme: 'dark' });
    const { page } = await open(context, '#/runs');
    await page.waitForSelector('[data-testid="runs-table"]');
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
    await page.click('[data-testid="language-switch"]');
    await page.click('[data-testid="theme-switch"]');
    await page.reload();
    await page.waitForSelector('[data-testid="runs-table"]');
    expect([await page.getAttribute('html', 'dir'), await page.getAttribute('html', 'data-theme')]).toEqual(['rtl', 'light']);
    await context.close();
  });

  it('scrolls five thousand rows of which only the near ones exist', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, `#/run/${OVER}/diffs?task=zero-weight&trial=1&path=parcels%2Fbasket.py`);
    await page.waitForSelector('[data-testid="diff-row"]');
    expect(await page.locator('[data-testid="diff-row"]').count()).toBeLessThan(600);
    await page.evaluate(() => document.querySelector('[data-testid="diff-stacked"]')?.scrollTo(0, 1e9));
    await page.waitForSelector('text=generated table row 5000');
    await context.close();
  });

  it.each([
    [1280, 800],
    [1920, 1080],
  ])('reads two columns side by side at %i: equal halves under their heads, long lines inside them', async (width, height) => {
    const context = await reader('dark', 'en', { width, height });
    const { page } = await open(context, `#/run/${OVER}/diffs`);
    await page.waitForSelector('[data-testid="diff-stacked"]');
    await page.keyboard.press('c');
    await page.waitForSelector('[data-testid="diff-columns"] [data-testid="diff-row"]');
    await settled(page);
    const seen = await page.evaluate(() => {
      const edges = (one: Element) => [one.getBoundingClientRect().left, one.getBoundingClientRect().right];
      const scroller = document.querySelector('[data-testid="diff-columns"]')!;
      return {
        heads: [...scroller.querySelectorAll('label')].map(edges),
        rows: [...scroller.querySelectorAll('[data-testid="diff-row"]')].map((row) => [edges(row.children[0]!), edges(row.children[2]!)]),
        over: [scroller, ...scroller.querySelectorAll('.text')].filter((one) => one.scrollWidth > one.clientWidth).length,
        lies: [...scroller.querySelectorAll<HTMLElement>('.block')].map((one) => one.offsetHeight - Number.parseFloat(one.style.minHeight)),
        words: scroller.textContent,
      };
    });
    const [left, right] = seen.heads as [number[], number[]];
    expect(Math.abs(left[1]! - left[0]! - (right[1]! - right[0]!))).toBeLessThan(1);
    expect(right[1]).toBeLessThanOrEqual(width);
    for (const row of seen.rows) expect(row).toEqual(seen.heads);
    expect([seen.over, seen.lies]).toEqual([0, [0]]);
    expect(seen.words).toContain('limit_39)');
    expect(seen.words).toContain('ESC[31mtoo heavyBEL');
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `columns-${width}.png`) });
    await context.close();
  });

  it('loads a long transcript by the page', async () => {
    const context = await reader('light', 'en');
    const { page } = await open(context, evidence('zone-lookup', 'aster'));
    await page.waitForSelector('[data-testid="events-more"]');
    expect(await page.locator('[data-testid="event"]').count()).toBe(200);
    await page.click('[data-testid="events-more"]');
    await page.waitForFunction(() => document.querySelectorAll('[data-testid="event"]').length === 400);
    await context.close();
  });

  it('sees no screen run over its edge at 1280 and 1920', async () => {
    for (const size of [{ width: 1280, height: 800 }, { width: 1920, height: 1080 }]) {
      const context = await reader('light', 'en', size);
      // What is done on a screen does not change where it is.
      for (const { name, at, ready } of new Map(SCREENS.map((screen) => [screen.at, screen])).values()) {
        const { page } = await open(context, at);
        await page.waitForSelector(ready);
        const over = await page.evaluate(() => [document.documentElement.scrollWidth - innerWidth, ...[...document.querySelectorAll('.page')].map((one) => one.scrollWidth - one.clientWidth)]);
        expect({ name, over: over.filter((pixels) => pixels > 0) }).toEqual({ name, over: [] });
        // What is brought into view scrolls its own part of the screen, never the shell: no wheel could bring that back.
        const shell = await page.evaluate(() => [document.scrollingElement!, document.body, document.querySelector('#app')!, document.querySelector('main')!].map((one) => (one.scrollTo(0, 1e6), one.scrollTop)));
        expect({ name, shell }).toEqual({ name, shell: [0, 0, 0, 0] });
        if (SHOTS && size.width === 1920) await page.screenshot({ path: join(SHOTS, `${name}-wide.png`) });
        await page.close();
      }
      await context.close();
    }
  });
});

describe('in Arabic', () => {
  it('columns stand under their heads, though a task’s title is English', async () => {
    const context = await reader('light', 'ar');
    const { page } = await open(context, `#/run/${OVER}/evidence`);
    await page.waitForSelector('[data-testid="trial-map"]');
    const apart = await page.evaluate(() => {
      const within = (one: Element) => {
        const words = document.createRange();
        words.selectNodeContents(one);
        return words.getBoundingClientRect();
      };
      const right = (all: NodeListOf<Element>) => [...all].map((one) => within(one).right);
      const heads = right(document.querySelectorAll('[data-testid="trial-map"] thead th bdi'));
      const cells = right(document.querySelectorAll('[data-testid="trial-map"] tbody tr:first-child .cells'));
      return heads.map((head, index) => Math.round(Math.abs(head - cells[index]!)));
    });
    expect(apart).toEqual([0, 0, 0, 0, 0, 0]);
    await context.close();
  });

  it('a run keeps its verdict, marked as English, and its number reads as it is', async () => {
    const context = await reader('light', 'ar');
    const { page } = await open(context, '#/runs');
    await page.waitForSelector('[data-testid="runs-table"]');
    expect(await page.locator('[data-testid="runs-table"] [lang="en"][dir="ltr"]').allInnerTexts()).toContain('No verdict: one task says nothing about tasks in general.');
    await page.keyboard.press('Control+k');
    const number = page.locator('[data-testid="palette-item"] .muted', { hasText: OVER });
    expect(await number.evaluate((one) => getComputedStyle(one).direction)).toBe('ltr');
    await context.close();
  });
});
