// The contract of Opora's plugins for JavaScript: inputs to read, decisions to make.
//
// A hook is a function that plugin.js exports under the name of its interface in camel case. It gets
// an Input and returns what it decides; nothing is no opinion. Nothing here needs WebAssembly, so
// hooks can be tested as they are.

/** A value whose type is not told by JavaScript's own. */
class Typed {
  constructor(tag, val) {
    this.tag = tag;
    this.val = val;
  }
}

/** An exact decimal number, from text. */
export const decimal = (text) => new Typed('decimal', String(text));
/** A date, from text such as `2026-03-02`. */
export const date = (text) => new Typed('date', String(text));
/** An instant, from microseconds since 1970. */
export const instant = (micros) => new Typed('instant', BigInt(micros));
/** A length of time, from seconds. */
export const duration = (seconds) => new Typed('duration', BigInt(seconds));
/** A reference to a record, from its id. */
export const reference = (id) => new Typed('reference', String(id));
/** Several references, from their ids. */
export const references = (ids) => new Typed('references', ids.map(String));
/** An open value, from anything that JSON holds. */
export const json = (value) => new Typed('json', JSON.stringify(value));

/** A value as the contract has it. */
export function toValue(value) {
  if (value instanceof Typed) return { tag: value.tag, val: value.val };
  switch (typeof value) {
    case 'string':
      return { tag: 'text', val: value };
    case 'boolean':
      return { tag: 'boolean', val: value };
    case 'bigint':
      return { tag: 'int', val: value };
    case 'number':
      if (Number.isInteger(value)) return { tag: 'int', val: BigInt(value) };
      throw new TypeError(`${value} is no whole number: write decimal('${value}')`);
    default:
      if (Array.isArray(value)) return { tag: 'texts', val: value.map(String) };
      throw new TypeError(`${value} is no value of a field`);
  }
}

/** A value of the contract as JavaScript has it: whole numbers are numbers while they are safe. */
export function fromValue({ tag, val }) {
  if (tag === 'json') return JSON.parse(val);
  return plain(val);
}

const isSafe = (n) => n >= Number.MIN_SAFE_INTEGER && n <= Number.MAX_SAFE_INTEGER;

function plain(value) {
  if (typeof value === 'bigint') return isSafe(value) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
  }
  return value;
}

const byName = (pairs, read) => Object.fromEntries(pairs.map(([name, value]) => [name, read(value)]));

/** A record: its values stand in `fields`, by name. */
export class View {
  constructor({ id = '', kind = 'ticket', category, fields = {} } = {}) {
    this.id = id;
    this.kind = kind;
    this.category = category;
    this.fields = fields;
  }

  /** The value of a field; undefined when it has none. */
  get(name) {
    return this.fields[name];
  }

  /** Whether a field has a value that is neither blank nor empty. */
  isFilled(name) {
    const value = this.fields[name];
    if (typeof value === 'string') return value.trim() !== '';
    if (Array.isArray(value)) return value.length > 0;
    return value !== undefined;
  }
}

const view = (raw) => raw && new View({ ...raw, fields: byName(raw.fields, fromValue) });

/** Everything that a hook may know; what is particular to a hook has the name it has in the WIT. */
export class Input {
  constructor(members = {}) {
    this.pack = 'test';
    this.now = 0;
    this.actor = { role: 'agent', locale: 'en' };
    this.record = new View();
    this.asked = [];
    this.related = {};
    this.options = {};
    Object.assign(this, members);
  }

  /** An option of the pack. */
  option(name, otherwise) {
    return this.options[name] ?? otherwise;
  }

  /** Whether the command set the field explicitly. */
  isAsked(field) {
    return this.asked.includes(field);
  }

  /** Whether a full code of a status, type or survey is the one that the pack calls `name`. */
  isOwn(code, name) {
    return code === `${this.pack}/${name}`;
  }
}

/** An input as the contract gives it. */
export function toInput({ subject, before, related, options, extra, ...rest }) {
  return new Input({
    ...plain(rest),
    ...nested(rest),
    record: view(subject) ?? new View(),
    before: view(before),
    related: byName(related ?? [], view),
    options: byName(options ?? [], fromValue),
  });
}

/** Members that hold records or values of their own. */
function nested({ change, wanted, found, open, contract }) {
  const values = (of) => byName(of.values, fromValue);
  const members = {
    change: change && {
      ...change,
      before: byName(change.before, fromValue),
      after: byName(change.after, fromValue),
    },
    wanted: wanted && { ...wanted, values: values(wanted) },
    found: found?.map((party) => ({
      record: view(party.view),
      score: Number(party.score),
      reasons: party.reasons,
    })),
    open: open?.map(view),
    contract: view(contract),
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** A reason to refuse; several go into a list. */
export const refuse = (code, message, field) => ({ code, message, field });

/** How a form treats a field: `visible`, `required`, `readonly`, `options`, `advice`. */
export const field = (name, rule) => ({ field: name, ...rule });

/** Puts an agent in charge, by id or code. */
export const agent = (agent, reason = '') => ({ agent, reason });
/** Puts a team in charge, by id or code. */
export const team = (team, reason = '') => ({ team, reason });
/** Chooses a support level, by id or code. */
export const level = (level, reason = '') => ({ level, reason });

/** Does not ask for a rating. */
export const skip = (reason, effects = []) => ({ ask: { tag: 'skip', val: reason }, effects });
/** Asks for a rating: `template`, `channel`, `subject`, `text`; a day at once is the scale of five. */
export const send = (survey, effects = []) => ({
  ask: {
    tag: 'send',
    val: {
      ...survey,
      scale: BigInt(survey.scale ?? 5),
      delaySecs: BigInt(survey.delaySecs ?? 0),
      validSecs: BigInt(survey.validSecs ?? 1_209_600),
    },
  },
  effects,
});
/** Says what an answer means; `weighted` is a score in hundredths made of several answers. */
export const means = (meaning, weighted, effects = []) => ({
  outcome: { meaning, weighted: weighted === undefined ? undefined : BigInt(weighted) },
  effects,
});

/** Gives the asker of an action something back, anything that JSON holds. */
export const result = (value, effects = []) => ({ result: JSON.stringify(value), effects });

/** Does not send a message. */
export const suppress = (reason) => ({ tag: 'suppress', val: reason });
/**
 * Sends a message so: `to` (a list), `channel`, `subject`, `text`, and for mails `html` beside it; what
 * is absent stays. `template` is the name of a template of the pack that says the rest, with `values`,
 * anything that JSON holds.
 */
export const compose = (message) => ({ tag: 'compose', val: message });

const step = (tag) => (clock, val) => ({
  clock,
  act: val === undefined ? { tag } : { tag, val: BigInt(val) },
});
/** What a clock shall do: `clocks.start('resolution')`, `clocks.extend('reaction', 3600)`. */
export const clocks = Object.fromEntries(
  ['start', 'pause', 'resume', 'meet', 'cancel', 'extend'].map((tag) => [tag, step(tag)]),
);

/** Conditions on records: lists of nodes, in prefix order. */
export const all = (...parts) => [{ tag: 'all', val: parts.length }, ...parts.flat()];
/** At least one of them. */
export const any = (...parts) => [{ tag: 'any', val: parts.length }, ...parts.flat()];
/** Not so. */
export const not = (part) => [{ tag: 'not' }, ...part];
/** A field has one of these values; without values it has none. */
export const oneOf = (field, values) => [{ tag: 'one-of', val: { field, values: values.map(toValue) } }];
/** A field's value is not less than the first and less than the second; either may be undefined. */
export const within = (field, from, to) => {
  const bound = (value) => (value === undefined ? undefined : toValue(value));
  return [{ tag: 'within', val: { field, from: bound(from), to: bound(to) } }];
};
/** What a principal may see: which records, and which fields not. */
export const only = (condition, masked = []) => ({ only: condition, masked });

const pairs = (values) => Object.entries(values).map(([name, value]) => [name, toValue(value)]);

/** A key by which parties are found; `mode` is `exact`, `prefix` or `part`, a weight 1 to 100. */
export const key = (kind, field, value, { mode = 'exact', weight = 50 } = {}) => ({
  kind,
  field,
  value: String(value),
  mode,
  weight: BigInt(weight),
});
/** By which keys parties are searched for, beside the engine's own unless `instead`. */
export const search = (keys, { instead = false, allMustMatch, limit } = {}) => ({
  keys,
  instead,
  allMustMatch,
  limit: limit === undefined ? undefined : BigInt(limit),
});

/** Creates a record from an appeal. */
export const routeCreate = (kind, values = {}, { type } = {}) => ({
  route: { tag: 'create', val: { kind, typeCode: type, values: pairs(values) } },
});
/** Attaches an appeal to a record. */
export const routeAttach = (kind, id) => ({ route: { tag: 'attach', val: { kind, id } } });
/** Declines an appeal. */
export const routeDecline = (reason) => ({ route: { tag: 'decline', val: reason } });
/** Values for a new account, contact or lead. */
export const party = (kind, values) => ({ party: { kind, values: pairs(values) } });

/** Where a process goes on: `stage`, `status`, and `agent` or `team` who performs it. */
export const next = ({ stage, status, agent, team, reason = '' }) => ({
  step: {
    stage,
    status,
    performer: agent === undefined && team === undefined ? undefined : { agent, team },
    reason,
  },
});

/** What a ticket uses of a contract: `amount`, and `overLimit`: `allow`, `warn` or `refuse`. */
export const consume = ({ amount, overLimit, reason = '' }) => ({
  consume: { amount: amount === undefined ? undefined : String(amount), overLimit, reason },
});

/** A text by which a record is found as well; only by the staff when it is internal. */
export const indexText = (text, { internal = false } = {}) => ({ text, internal });

const boosts = (given, name) =>
  Object.entries(given).map(([key, factor]) => ({ [name]: key, factor: BigInt(factor) }));
/**
 * How hits are ranked, in hundredths: `sections` by name, `values` by field and value, `freshness` with
 * `halfLifeDays` and `weight`, `votes`.
 */
export const rank = ({ sections = {}, values = {}, freshness, votes }) => ({
  sections: boosts(sections, 'section'),
  values: Object.entries(values).flatMap(([field, of]) =>
    boosts(of, 'value').map((boost) => ({ field, ...boost })),
  ),
  freshness: freshness && {
    halfLifeDays: BigInt(freshness.halfLifeDays),
    weight: BigInt(freshness.weight),
  },
  votes: votes === undefined ? undefined : BigInt(votes),
});

const effect = (tag, val) => ({ tag, val });

/** Set a field. */
export const set = (field, value) => effect('set', { field, value: toValue(value) });
/** Remove the value of a field. */
export const clear = (field) => effect('set', { field, value: undefined });
/** Enter a status. */
export const transition = (to) => effect('transition', to);
/** Put an agent in charge. */
export const assignAgent = (agent) => effect('assign', { agent });
/** Put a team in charge. */
export const assignTeam = (team) => effect('assign', { team });
/** Add a comment that customers see. */
export const comment = (text) => effect('comment', { visibility: 'public', text });
/** Add a comment that only agents see. */
export const note = (text) => effect('comment', { visibility: 'internal', text });
/** Create a record; `relation` links it to this one. */
export const create = (kind, fields, { type, relation = '' } = {}) =>
  effect('create', {
    kind,
    typeCode: type,
    fields: Object.entries(fields).map(([name, value]) => [name, toValue(value)]),
    relation,
  });
/** Link the record to another. */
export const link = (relation, kind, to) => effect('link', { relation, kind, to });
/** Add a label. */
export const tag = (label) => effect('tag', label);
/** Remove a label. */
export const untag = (label) => effect('untag', label);
/** Set a timer; `at` in microseconds since 1970, `data` anything that JSON holds. */
export const schedule = (name, at, data = null) =>
  effect('schedule', { name, at: BigInt(at), data: JSON.stringify(data) });
/** Remove a timer. */
export const unschedule = (name) => effect('unschedule', name);
/** Queue a message to `contact`, `assignee`, `team` or an address. */
export const notify = (to, channel, subject, text) => effect('notify', { to, channel, subject, text });
/** Call a webhook; `body` is anything that JSON holds. */
export const webhook = (name, body) => effect('webhook', { name, body: JSON.stringify(body) });
/** An effect that the contract does not list. */
export const custom = (kind, data) => effect('custom', [kind, JSON.stringify(data)]);

/** Gives a reason for the decision being made. Outside a plugin, as in tests, nothing happens. */
export function because(code, text) {
  teller.because(code, String(text));
}

/** What a plugin tells the engine; the entry of the component sets it. */
export const teller = { because() {}, panicked() {} };

const list = (answer) => (Array.isArray(answer) ? answer : answer === undefined ? [] : [answer]);

/** An action refuses, acts, or gives something back. */
function action(answer) {
  if (answer?.result !== undefined) return { refusals: [], ...answer };
  const refusals = list(answer).filter((part) => part.code !== undefined);
  return { refusals, effects: list(answer).filter((part) => part.code === undefined) };
}

const acts = (answer) => ({ effects: list(answer) });

/** A message is composed or suppressed; its HTML stands beside the choice. */
function notice(answer) {
  if (answer?.tag !== 'compose') return { choice: answer };
  const { html, template, values, ...message } = answer.val;
  const extra = html === undefined ? [] : [['html', toValue(String(html))]];
  if (template !== undefined) extra.push(['template', toValue(String(template))]);
  if (values !== undefined) extra.push(['values', toValue(json(values))]);
  return { choice: { tag: 'compose', val: message }, extra };
}

/** Refusals, effects and what else a list holds, each by what it is. */
function sorted(answer) {
  const parts = list(answer);
  const of = (name) => parts.filter((part) => part[name] !== undefined).map((part) => part[name]);
  return {
    of,
    refusals: parts.filter((part) => part.code !== undefined),
    effects: parts.filter((part) => part.tag !== undefined),
  };
}

/** What stands beside refusals and effects; of several the last. */
function beside(name, answer) {
  const { of, refusals, effects } = sorted(answer);
  return { [name]: of(name).at(-1), refusals, effects };
}

/** What becomes of a hook's answer, by the name of its interface. */
const answers = {
  define: (answer) => ({ definitions: JSON.stringify(answer) }),
  recordDefaults: (answer) => ({
    values: Object.entries(answer ?? {}).map(([name, value]) => [name, toValue(value)]),
  }),
  formRules: (answer) => ({ fields: list(answer) }),
  recordValidate: (answer) => ({ refusals: list(answer) }),
  transitionGuard: (answer) => ({ refusals: list(answer) }),
  transitionEffect: acts,
  assignSelect: (answer) => ({ choice: answer }),
  slaSelect: (answer) => ({ choice: answer }),
  surveyDone: (answer) => ({ effects: [], ...answer }),
  surveyReply: (answer) => ({ effects: [], ...answer }),
  scheduleFire: acts,
  fieldCompute: (answer) => ({
    values: Object.entries(answer ?? {}).map(([field, value]) => ({
      field,
      value: value === null ? undefined : toValue(value),
    })),
  }),
  interactionEvent: acts,
  slaClock: (answer) => ({ steps: list(answer) }),
  slaEvent: acts,
  recordChanged: acts,
  actionRun: action,
  notifyCompose: notice,
  accessFilter: (answer) => ({ choice: answer }),
  packLifecycle: action,
  configGuard: (answer) => ({ refusals: list(answer) }),
  intakeMatch: (answer) => ({ choice: answer }),
  intakeRoute: (answer) => ({ ...beside('route', answer), parties: sorted(answer).of('party') }),
  processStep: (answer) => beside('step', answer),
  contractConsume(answer) {
    const { of, effects } = sorted(answer);
    return { choice: of('consume').at(-1), effects };
  },
  searchDocument: (answer) => ({ texts: list(answer) }),
  searchRank: (answer) => answer ?? rank({}),
};

/** The function of a component's interface that asks a hook of plugin.js. */
export function hook(name, decide) {
  if (typeof decide !== 'function') {
    throw new Error(`plugin.js exports no function ${name}, which wit/world.wit names`);
  }
  return (raw) => {
    try {
      return { extra: [], ...answers[name](decide(toInput(raw))) };
    } catch (error) {
      const [file, line, column] = place(error);
      teller.panicked(`${error?.name ?? 'thrown'}: ${error?.message ?? error}`, file, line, column);
      throw error;
    }
  };
}

/** Where an error was thrown: the first line of its stack ends with `@FILE:LINE:COLUMN`. */
function place(error) {
  const found = /@(.*):(\d+):(\d+)$/m.exec(error?.stack ?? '');
  return found ? [found[1], Number(found[2]), Number(found[3])] : ['', 0, 0];
}
