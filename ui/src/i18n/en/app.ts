/** What is said in the frame: places, palette, themes, errors, counts. */
export const app = {
  'nav.label': 'Places',
  'nav.new': 'New',
  'nav.runs': 'Runs',
  'nav.review': 'Review',
  'nav.decide': 'Decide',
  'nav.library': 'Library',
  'nav.command': 'Command',
  'nav.help': 'Keys',
  'nav.skip': 'Skip to content',

  'action.close': 'Close',
  'action.retry': 'Try again',
  'action.showRest': { one: 'show more, {n} character left', other: 'show more, {n} characters left' },

  'text.cut': { one: '… ({n} more byte)', other: '… ({n} more bytes)' },

  'action.showMore': 'Show more',
  'action.copyCsv': 'Copy as CSV',
  'action.copied': 'Copied',
  'action.back': 'Back',

  'theme.label': 'Theme',
  'theme.system': 'Theme: as the system',
  'theme.light': 'Theme: light',
  'theme.dark': 'Theme: dark',

  'language.label': 'Language',

  'error.title': 'This could not be done',
  'error.load': 'This could not be loaded',

  'loading': 'Loading…',

  'unknown': 'unknown',

  'none': 'none',

  'sample': 'sample',
  'sample.long': 'a bundled sample, not a real product',

  'ownLogin': 'own login',
  'ownLogin.long': 'works with its user’s own login and settings: less isolated, one trial at a time, no verdict',
  'replay': 'replay',
  'replay.long': 'the recording of run {run} answered in the models’ place; time and speed are a replay’s',
  'simulated': 'simulated',

  'reference': 'Reference',

  'host.recorded': 'RECORDED',
  'host.recorded.long': 'A recording: nothing here runs.',

  'isolation.full': 'Trials here run isolated.',
  'isolation.bubblewrap': 'Trials here run isolated by bwrap.',
  'isolation.container': 'Trials here run isolated by a container runtime.',
  'isolation.plain': 'Trials here are not isolated.',

  'policy.none': 'No policy on file.',

  'count.tasks': { one: '{n} task', other: '{n} tasks' },
  'count.assistants': { one: '{n} assistant', other: '{n} assistants' },
  'count.trials': { one: '{n} trial', other: '{n} trials' },
  'count.tokens': { one: '{count} token', other: '{count} tokens' },
  'count.events': { one: '{n} event', other: '{n} events' },
  'count.files': { one: '{n} file', other: '{n} files' },
  'count.tests': { one: '{passed} of {n} test passed', other: '{passed} of {n} tests passed' },

  'join.two': '{a}, {b}',

  'policy.title': 'Policy',
  'policy.text': 'No policy is on file for this machine. Runs are allowed, and their reports say so.',

  'later.review': 'Nothing to review yet',
  'later.review.text': 'Blind reviews of finished diffs will appear here. This version cannot take them yet; the diffs of a run can be read under Runs.',
  'later.decide': 'No decision on record',
  'later.decide.text': 'Policies and decisions will be kept here. This version does not hold any; no policy is on file, so runs are allowed and say so.',
  'later.library': 'Nothing of your own here yet',
  'later.library.text': 'Tasks and assistants that you keep will be listed here. This version reads suites from folders; the New screen shows those it found.',
  'later.runs': 'Go to runs',
  'later.new': 'Go to New',

  'palette.label': 'Commands',
  'palette.hint': 'Type to find a place, a run or an action',
  'palette.none': 'Nothing matches.',
  'palette.theme': 'Change the theme',
  'palette.language': 'Switch the language',
  'palette.help': 'Show all keys',
  'palette.sample': 'Run the sample',
  'palette.run': 'Open {run}',

  'help.title': 'Keys',
  'help.places': 'Go to a place',
  'help.palette': 'Find a command',
  'help.help': 'Show this list',
  'help.tabs': 'Tabs of a run',
  'help.place': 'Next or previous change',
  'help.file': 'Next or previous file',
  'help.form': 'Stacked, columns',
  'help.reference': 'Show the reference',
  'help.close': 'Close a dialog',

  'fair.title': 'In what they differ',
  'fair.hint': 'beside being themselves, so that you can object',
  'fair.aspect': 'In',
  'fair.values': 'What, and who',
  'fair.same': 'The same for all: {names}.',
  'fair.alike': 'Nothing that is known differs between them.',
  'fair.unknown': 'not known',
  'fair.aspect.tool': 'Tool',
  'fair.aspect.version': 'Version',
  'fair.aspect.model': 'Model',
  'fair.aspect.effort': 'Effort',
  'fair.aspect.arguments': 'Arguments, extensions',
  'fair.aspect.permissions': 'Permissions',
  'fair.aspect.environment': 'Environment',
  'fair.aspect.network': 'Network',
  'fair.aspect.readable': 'Readable files of the machine',
  'fair.aspect.limits': 'Limits',
  'fair.aspect.account': 'Account',
  'fair.aspect.sign_in': 'Signing in',
  'fair.aspect.address': 'Address',
  'fair.aspect.price': 'How cost is known',
  'fair.aspect.caches': 'Input from caches',
  'fair.aspect.isolation': 'Isolation',
  'fair.aspect.rounds': 'Rounds',

  'leftOut.title': { one: '{n} pair left out', other: '{n} pairs left out' },
  'leftOut.pair': '{tool} with {model}',

  'kind.bug_fix': 'bug fix',
  'kind.feature': 'feature',
  'kind.refactoring': 'refactoring',
  'kind.performance': 'performance',
  'kind.tests': 'tests',
  'kind.canary': 'canary',
  'kind.other': 'other',
} as const;
