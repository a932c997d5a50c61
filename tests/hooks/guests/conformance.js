// The rules of tests/hooks/README.md in JavaScript: the same rules stand in plugins/conformance, and
// `.ci/plugins` runs the fixtures through them.

import * as o from './opora-sdk/opora.js';

function trouble(input) {
  if (input.option('trouble') === 'panic') throw new Error(`trouble of ${input.pack}`);
  if (input.option('trouble') === 'index') return [1, 2, 3][7].index;
}

const labels = (input) => Array.from({ length: input.option('many', 0) }, (_, n) => o.tag(`t${n}`));

/** A rule that first makes the trouble that is asked for. */
const rule = (decide) => (input) => {
  trouble(input);
  return decide(input);
};

export const recordDefaults = rule((input) => {
  const values = {};
  const title = input.record.get('title') ?? '';
  if (title.includes('urgent')) {
    o.because('urgent_word', title);
    values.priority = 'high';
  }
  const { account } = input.related;
  if (account) {
    values.city = account.get('city') ?? '';
    values.visits = (input.record.get('visits') ?? 0) + 1;
  }
  return values;
});

export const formRules = rule((input) => {
  const rules = [];
  if (input.record.get('fault') === 'broken') {
    rules.push(o.field('photo', { required: true, advice: 'show the broken part' }));
    rules.push(o.field('outcome', { options: ['repair', 'replace'] }));
  }
  if (input.before) rules.push(o.field('serial', { readonly: true }));
  if (input.actor.role === 'contact') rules.push(o.field('cost', { visible: false }));
  return rules;
});

export const recordValidate = rule((input) => {
  const refusals = [];
  const limit = input.option('limit', 100);
  const [amount, first, last] = ['amount', 'first', 'last'].map((name) => input.record.get(name));
  if (amount > limit) refusals.push(o.refuse('over_limit', `${amount} is over ${limit}`, 'amount'));
  if (first > last) refusals.push(o.refuse('wrong_order', 'the first is after the last'));
  return refusals;
});

export const transitionGuard = rule((input) => {
  const refusals = [];
  if (!input.isOwn(input.entering, 'closed')) return refusals;
  if (!input.record.isFilled('solution')) {
    refusals.push(o.refuse('no_solution', 'say how it was solved', 'solution'));
  }
  if (input.actor.role === 'contact') refusals.push(o.refuse('not_allowed', 'only agents close'));
  return refusals;
});

const HOUR = 3_600_000_000;

export const transitionEffect = rule((input) => {
  const effects = labels(input);
  if (input.isOwn(input.entering, 'closed')) {
    o.because('closed', input.leaving);
    effects.push(
      o.set('closed_by', input.actor.role),
      o.tag('closed'),
      o.comment('Your request is closed.'),
      o.note(`closed from ${input.leaving}`),
      o.schedule('ask', input.now + 48 * HOUR, { round: 1 }),
      o.unschedule('remind'),
      o.notify('contact', 'mail', 'Closed', 'We are done.'),
      o.webhook('erp', { state: 'closed' }),
      o.create('activity', { title: 'Call back' }, { relation: 'follows' }),
    );
    const { account } = input.related;
    if (account) effects.push(o.link('for', 'account', account.id));
  } else if (input.isOwn(input.entering, 'urgent')) {
    effects.push(
      o.transition('triaged'),
      o.assignTeam('first'),
      o.untag('calm'),
      o.clear('note'),
    );
  }
  return effects;
});

export const assignSelect = rule((input) => {
  const skill = input.record.get('category') ?? '';
  const able = input.agents.filter((agent) => agent.skills.includes(skill));
  const best = able.sort((one, other) => one.load - other.load)[0];
  if (best) {
    o.because('least_loaded', best.code);
    return o.agent(best.id, skill);
  }
  if (input.teams.some((team) => team.code === 'first')) {
    return o.team('first', 'nobody has the skill');
  }
});

export const slaSelect = rule((input) => {
  if (input.record.get('priority') !== 'high') return;
  if (input.levels.some((level) => level.code === 'gold')) return o.level('gold', 'high priority');
});

export const surveyDone = rule((input) => {
  if (input.record.get('priority') === 'low') return;
  if (input.address === undefined) return o.skip('no_address');
  if (input.askedBefore > 0) return o.skip('asked_already', [o.tag('asked_already')]);
  return o.send({
    template: 'short',
    channel: 'mail',
    delaySecs: 3600,
    validSecs: 604_800,
    scale: 5,
    subject: 'How was it?',
    text: 'Tell us: {link}',
  });
});

export const surveyReply = rule((input) => {
  const scores = input.answers.map((answer) => answer.score).filter((score) => score !== undefined);
  if (scores.length > 0) {
    const sum = scores.reduce((one, other) => one + other, 0);
    const mean = Math.trunc((sum * 100) / scores.length);
    return o.means(mean >= 400 ? 'satisfied' : 'dissatisfied', mean);
  }
  if (input.score === undefined) return;
  if (input.score * 2 > input.scale) return o.means('satisfied');
  return o.means('dissatisfied', undefined, [o.tag('dissatisfied'), o.note(input.comment)]);
});

export const scheduleFire = rule((input) => {
  const effects = labels(input);
  if (input.name === 'remind') {
    effects.push(o.notify('assignee', 'mail', 'Reminder', 'It waits.'));
    effects.push(o.schedule('remind', input.now + HOUR, JSON.parse(input.data)));
  } else if (input.name === 'close') {
    effects.push(o.transition('closed'));
  }
  return effects;
});

export const fieldCompute = rule((input) => {
  const [first, last, span] = ['first', 'last', 'span'].map((name) => input.record.get(name));
  if (first !== undefined && last !== undefined) {
    return { span: last - first, wide: last - first > 100 };
  }
  return span === undefined ? {} : { span: null };
});

export const interactionEvent = rule((input) => {
  const effects = labels(input);
  const { entry } = input;
  if (entry.direction !== 'in') return effects;
  if (entry.text.includes('urgent')) {
    o.because('urgent_word', entry.subject);
    effects.push(o.set('priority', 'high'), o.tag('urgent'));
  }
  if (input.record.category === 'waiting') effects.push(o.transition('open'));
  return effects;
});

export const slaClock = rule((input) => {
  const { clocks } = o;
  const steps = Array.from({ length: input.option('many', 0) }, (_, n) => clocks.start(`c${n}`));
  const waits = input.record.category === 'waiting';
  const { entry } = input;
  switch (input.event) {
    case 'created':
      return [...steps, clocks.start('reaction'), clocks.start('resolution')];
    case 'interaction':
      if (entry.author !== 'agent' || entry.visibility !== 'public') return steps;
      o.because('answered', entry.channel);
      return [...steps, clocks.meet('reaction')];
    case 'status':
      for (const { name, state } of input.clocks) {
        if (state === 'running' && waits) steps.push(clocks.pause(name));
        if (state === 'paused' && !waits) steps.push(clocks.resume(name));
      }
      return steps;
    default:
      for (const { name, breached } of input.clocks) {
        const more = input.option('extend', 7200);
        steps.push(breached ? clocks.cancel(name) : clocks.extend(name, more));
      }
      return steps;
  }
});

export const slaEvent = rule((input) => {
  const effects = labels(input);
  const { name, dueAt } = input.clock;
  if (input.event === 'warned' && input.record.get('priority') !== 'low') {
    const left = Math.trunc((dueAt - input.now) / 1_000_000);
    effects.push(o.notify('assignee', 'mail', 'Hurry', `${name} is due in ${left} s`));
  } else if (input.event === 'breached') {
    effects.push(o.assignTeam('first'), o.set('late_clock', name), o.tag('late'));
  }
  return effects;
});

export const recordChanged = rule((input) => {
  const effects = labels(input);
  if (input.command === 'update' && input.changes.includes('amount')) {
    effects.push(o.webhook('erp', { changed: 'amount' }), o.tag('changed'));
  } else if (input.command === 'transition') {
    effects.push(o.schedule('check', input.now + HOUR, {}));
  }
  return effects;
});

export const actionRun = rule((input) => {
  const effects = labels(input);
  if (input.name === 'echo') return o.result(JSON.parse(input.arguments), effects);
  if (input.name !== 'escalate') return effects;
  if (input.actor.role === 'contact') return o.refuse('not_allowed', 'only agents escalate');
  if (input.record.get('priority') === 'low') {
    return o.refuse('too_low', 'raise the priority first', 'priority');
  }
  return o.result({ escalated: true }, [...effects, o.assignTeam('first'), o.tag('escalated')]);
});

export const notifyCompose = rule((input) => {
  const { notice } = input;
  if (notice.channel === 'chat' && notice.address === undefined) return o.suppress('no_address');
  if (notice.locale === 'ru') {
    o.because('in_russian', notice.source);
    return o.compose({ subject: 'Ваше обращение', text: `Здравствуйте! ${notice.text}` });
  }
  if (notice.to === 'watchers') return o.compose({ html: `<p>${notice.text}</p>` });
  if (notice.to === 'assignee') {
    return o.compose({ template: 'closed', values: { number: 17, words: notice.text } });
  }
  if (input.record.get('priority') === 'high') {
    return o.compose({ to: [notice.to, 'team'], channel: 'mail' });
  }
});

export const accessFilter = rule((input) => {
  const parts = [];
  for (let n = 0; n < input.option('many', 0); n += 1) parts.push(o.oneOf('amount', [n]));
  const levels = input.option('deep', 0);
  if (levels > 0) {
    let deep = o.oneOf('secret', [true]);
    for (let n = 1; n < levels; n += 1) deep = o.not(deep);
    parts.push(deep);
  }
  const { account } = input.related;
  const team = input.record.get('team');
  if (input.actor.role === 'contact') {
    parts.push(account ? o.oneOf('account', [o.reference(account.id)]) : o.any());
    return o.only(parts.flat(), ['cost', 'margin']);
  }
  if (input.actor.role === 'agent' && team !== undefined) {
    const open = o.all(
      o.not(o.oneOf('secret', [true])),
      o.within('amount', 10),
      o.within('amount', undefined, 1000),
    );
    parts.push(o.any(o.oneOf('team', [team, 'first']), o.oneOf('team', []), open));
  }
  return parts.length > 0 ? o.only(parts.flat()) : undefined;
});

export const packLifecycle = rule((input) => {
  const parts = [];
  const [from, to] = [input.fromVersion ?? 'none', input.toVersion ?? 'none'];
  if (input.phase === 'install' || input.phase === 'upgrade') {
    o.because('versions', `${from} to ${to}`);
    if (input.option('seed', true) && !input.dryRun) {
      parts.push(o.create('team', { title: 'First' }));
      parts.push(o.create('article', { title: 'How it works' }, { type: 'guide' }));
    }
  } else if (input.phase === 'disable' && input.actor.role !== 'admin') {
    parts.push(o.refuse('not_allowed', 'only administrators put it to rest'));
  } else if (input.phase === 'remove') {
    parts.push(o.refuse('in_use', `${from} is in use`));
    parts.push(o.refuse('keep_it', 'take its rules out instead'));
  }
  for (let n = 0; n < input.option('many', 0); n += 1) {
    parts.push(o.create('team', { title: `t${n}` }));
  }
  return parts;
});

export const configGuard = rule((input) => {
  const { operation, what, code, before, after } = input.change;
  if (operation === 'remove' && before.used > 0) {
    o.because('used', code);
    return o.refuse('in_use', `${what} ${code} is in use`);
  }
  if (what !== 'status' || before.category === after.category) return;
  const refusals = [o.refuse('category', `${before.category} stays`)];
  if (input.actor.role === 'agent') {
    refusals.push(o.refuse('not_allowed', 'only administrators may'));
  }
  return refusals;
});

export const intakeMatch = rule((input) => {
  const keys = [];
  const more = {};
  for (const { field, text } of input.search) {
    if (field === 'phone') {
      const digits = text.replace(/\D/g, '');
      o.because('digits', digits);
      keys.push(o.key('contact', 'phones', digits, { weight: 90 }));
      keys.push(o.key('account', 'dialled', digits, { mode: 'part', weight: 40 }));
    } else if (field === 'conformance/card') {
      more.instead = true;
      keys.push(o.key('account', 'card', text, { mode: input.mode, weight: 100 }));
    }
  }
  if (input.channel === 'phone') {
    more.allMustMatch = !input.allMustMatch;
    more.limit = 5;
  }
  for (let n = 0; n < input.option('many', 0); n += 1) keys.push(o.key('lead', 'card', n));
  if (keys.length > 0 || Object.keys(more).length > 0) return o.search(keys, more);
});

export const intakeRoute = rule((input) => {
  const parts = labels(input);
  const get = (name) => input.record.get(name);
  if (get('spam') === true) {
    if (input.automatic) return o.routeDecline('spam');
    return [
      o.refuse('spam', 'take the mark away first', 'spam'),
      o.refuse('not_here', 'spam is not accepted'),
    ];
  }
  const open = input.open.find((record) => record.get('title') === get('title'));
  if (open) {
    o.because('same_title', get('title'));
    return [...parts, o.routeAttach(open.kind, open.id), o.tag('again')];
  }
  const [first] = input.found;
  if (first && first.score > 80) {
    const values = { account: o.reference(first.record.id) };
    if (input.wanted.values.note !== undefined) values.note = input.wanted.values.note;
    values.reason = first.reasons[0];
    return [...parts, o.routeCreate('ticket', values, { type: input.wanted.typeCode ?? 'request' })];
  }
  if (input.automatic) return parts;
  return [
    ...parts,
    o.party('account', { title: get('company') ?? '' }),
    o.party('contact', { title: get('caller') ?? '' }),
    o.set('checked', true),
    o.tag('new'),
  ];
});

export const processStep = rule((input) => {
  const parts = labels(input);
  const { event, outcome } = input;
  if (event === 'entered' && input.stage === 'check') {
    parts.push(o.next({ team: 'first', reason: 'checks first' }));
  } else if (event === 'decided' && outcome === 'no' && input.loops >= 2) {
    o.because('loops', input.process);
    parts.push(o.next({ stage: 'stop', status: 'void', reason: 'thrice is enough' }));
  } else if (event === 'decided' && outcome === 'later') {
    parts.push(o.refuse('no_later', 'decide now'));
    parts.push(o.refuse('unclear', 'say yes or no', 'answer'));
  } else if (event === 'decided' && input.decisions[0]?.answer === 'yes') {
    parts.push(o.next({ stage: 'done', agent: 'anna', reason: 'approved' }));
    parts.push(o.set('approved', true), o.tag('approved'));
  }
  return parts;
});

export const contractConsume = rule((input) => {
  const parts = labels(input);
  const plan = input.contract.get('plan');
  const hundredths = (amount) => Math.round(Number(amount) * 100);
  if (input.event === 'unlinked') {
    parts.push(o.consume({ amount: 0, reason: 'given back' }));
  } else if (input.unit === 'events') {
    return parts;
  } else if (plan === 'rounded') {
    const amount = ((hundredths(input.counted) + 50) / 100).toFixed(2);
    const over = input.total !== undefined && hundredths(input.used) + 50 > hundredths(input.total);
    const overLimit = over ? 'warn' : undefined;
    parts.push(o.consume({ amount, overLimit, reason: 'half more' }));
    if (over) parts.push(o.tag('over'), o.set('over', o.decimal(input.used)));
  } else if (plan === 'strict') {
    parts.push(o.consume({ overLimit: 'refuse', reason: 'no more than paid for' }));
  }
  return parts;
});

export const searchDocument = rule((input) => {
  const texts = [];
  const get = (name) => input.record.get(name);
  if (get('model') !== undefined) texts.push(o.indexText(`model ${get('model')}`));
  const serial = input.related.asset?.get('serial');
  if (serial !== undefined) {
    o.because('serial', serial);
    texts.push(o.indexText(serial, { internal: true }));
  }
  for (let n = 0; n < input.option('many', 0); n += 1) texts.push(o.indexText(`t${n}`));
  if (input.option('long', 0) > 0) texts.push(o.indexText('x'.repeat(input.option('long', 0))));
  return texts;
});

export const searchRank = rule((input) => {
  const votes = input.channel === 'portal' ? 50 : undefined;
  const sections = {};
  const values = {};
  let freshness;
  if (input.kinds.includes('article')) {
    sections.title = 150;
    values.category = { printers: 200, archive: 25 };
  }
  if (input.words.includes('error')) {
    o.because('word', 'error');
    sections.codes = 400;
    freshness = { halfLifeDays: 90, weight: 30 };
  }
  if (input.option('factor', 0) > 0) sections.extra = input.option('factor', 0);
  if (votes === undefined && Object.keys(sections).length === 0) return;
  return o.rank({ sections, values, freshness, votes });
});
