"""The contract of Opora's plugins for Python: inputs to read, decisions to make.

A hook is a function of plugin.py with the name of its interface. It gets an Input and returns what it
decides; None is no opinion. Nothing here needs WebAssembly, so hooks can be tested as they are.
"""

import json as _json
from dataclasses import dataclass, field as _member
from typing import Any, Optional


@dataclass
class Typed:
    """A value whose type is not told by Python's own."""

    tag: str
    value: Any


def decimal(text):
    """An exact decimal number, from text."""
    return Typed("decimal", str(text))


def date(text):
    """A date, from text such as `2026-03-02`."""
    return Typed("date", str(text))


def instant(micros):
    """An instant, from microseconds since 1970."""
    return Typed("instant", micros)


def duration(seconds):
    """A length of time, from seconds."""
    return Typed("duration", seconds)


def reference(id):
    """A reference to a record, from its id."""
    return Typed("reference", id)


def references(ids):
    """Several references, from their ids."""
    return Typed("references", list(ids))


def compact(value):
    """JSON text without blanks, the same as other languages write it."""
    return _json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def json(value):
    """An open value, from anything that JSON holds."""
    return Typed("json", compact(value))


def typed(value):
    """A value with its type, as the contract has it."""
    if isinstance(value, Typed):
        return value
    if isinstance(value, bool):
        return Typed("boolean", value)
    if isinstance(value, int):
        return Typed("int", value)
    if isinstance(value, str):
        return Typed("text", value)
    if isinstance(value, (list, tuple)):
        return Typed("texts", [str(item) for item in value])
    raise TypeError(f"{value!r} is no value of a field; a number with a point is decimal(...)")


@dataclass
class View:
    """A record: its values stand in `fields`, by name."""

    id: str = ""
    kind: str = "ticket"
    category: Optional[str] = None
    fields: dict = _member(default_factory=dict)

    def get(self, name, otherwise=None):
        """The value of a field."""
        return self.fields.get(name, otherwise)

    def is_filled(self, name):
        """Whether a field has a value that is neither blank nor empty."""
        value = self.fields.get(name)
        if isinstance(value, str):
            return bool(value.strip())
        if isinstance(value, list):
            return bool(value)
        return value is not None


class Input:
    """Everything that a hook may know; what is particular to a hook has the name it has in the WIT."""

    def __init__(self, **members):
        self.pack = "test"
        self.now = 0
        self.actor = None
        self.record = View()
        self.before = None
        self.asked = []
        self.related = {}
        self.options = {}
        self.__dict__.update(members)

    def option(self, name, otherwise=None):
        """An option of the pack."""
        return self.options.get(name, otherwise)

    def is_asked(self, field):
        """Whether the command set the field explicitly."""
        return field in self.asked

    def is_own(self, code, name):
        """Whether a full code of a status, type or survey is the one that the pack calls `name`."""
        return code == f"{self.pack}/{name}"


@dataclass
class Refusal:
    """A reason to refuse."""

    code: str
    message: str
    field: Optional[str] = None


def refuse(code, message, field=None):
    """A reason to refuse; several go into a list."""
    return Refusal(code, message, field)


@dataclass
class FieldRule:
    """How a form treats a field."""

    field: str
    visible: Optional[bool] = None
    required: Optional[bool] = None
    readonly: Optional[bool] = None
    options: Optional[list] = None
    advice: Optional[str] = None


def field(name, **rule):
    """How a form treats a field: `visible`, `required`, `readonly`, `options`, `advice`."""
    return FieldRule(name, **rule)


@dataclass
class Choice:
    """Who shall be in charge, or which support level applies."""

    reason: str = ""
    agent: Optional[str] = None
    team: Optional[str] = None
    level: Optional[str] = None


def agent(agent, reason=""):
    """Puts an agent in charge, by id or code."""
    return Choice(reason, agent=agent)


def team(team, reason=""):
    """Puts a team in charge, by id or code."""
    return Choice(reason, team=team)


def level(level, reason=""):
    """Chooses a support level, by id or code."""
    return Choice(reason, level=level)


@dataclass
class Survey:
    """Whether to ask for a rating, or what an answer means, and what follows."""

    skip: Optional[str] = None
    send: Optional[dict] = None
    meaning: Optional[str] = None
    weighted: Optional[int] = None
    effects: list = _member(default_factory=list)


def skip(reason, effects=()):
    """Does not ask for a rating."""
    return Survey(skip=reason, effects=list(effects))


def send(template, channel, subject, text, scale=5, delay_secs=0, valid_secs=1_209_600, effects=()):
    """Asks for a rating."""
    survey = dict(
        template=template,
        channel=channel,
        delay_secs=delay_secs,
        valid_secs=valid_secs,
        scale=scale,
        subject=subject,
        text=text,
    )
    return Survey(send=survey, effects=list(effects))


def means(meaning, weighted=None, effects=()):
    """Says what an answer means; `weighted` is a score in hundredths made of several answers."""
    return Survey(meaning=meaning, weighted=weighted, effects=list(effects))


@dataclass
class Result:
    """What the asker of an action gets back, and what follows."""

    value: Any
    effects: list = _member(default_factory=list)


def result(value, effects=()):
    """Gives the asker of an action something back, anything that JSON holds."""
    return Result(value, list(effects))


@dataclass
class Message:
    """What becomes of a message."""

    suppress: Optional[str] = None
    to: Optional[list] = None
    channel: Optional[str] = None
    subject: Optional[str] = None
    text: Optional[str] = None
    html: Optional[str] = None
    template: Optional[str] = None
    values: Optional[dict] = None


def suppress(reason):
    """Does not send a message."""
    return Message(suppress=reason)


def compose(**message):
    """Sends a message so: `to` (a list), `channel`, `subject`, `text`, and for mails `html` beside it;
    what is absent stays. `template` is the name of a template of the pack that says the rest, with
    `values`, anything that JSON holds."""
    return Message(**message)


@dataclass
class Step:
    """What a clock shall do."""

    clock: str
    act: str
    seconds: Optional[int] = None


class clocks:
    """What clocks shall do: `clocks.start("resolution")`, `clocks.extend("reaction", 3600)`."""

    start = staticmethod(lambda clock: Step(clock, "start"))
    pause = staticmethod(lambda clock: Step(clock, "pause"))
    resume = staticmethod(lambda clock: Step(clock, "resume"))
    meet = staticmethod(lambda clock: Step(clock, "meet"))
    cancel = staticmethod(lambda clock: Step(clock, "cancel"))
    extend = staticmethod(lambda clock, seconds: Step(clock, "extend", seconds))


@dataclass
class Access:
    """What a principal may see: which records, and which fields not."""

    only: list
    masked: list


def all_of(*parts):
    """Every one of these conditions; conditions are lists of nodes, in prefix order."""
    return [("all", len(parts)), *(node for part in parts for node in part)]


def any_of(*parts):
    """At least one of these conditions."""
    return [("any", len(parts)), *(node for part in parts for node in part)]


def not_(part):
    """Not so."""
    return [("not", None), *part]


def one_of(field, values):
    """A field has one of these values; without values it has none."""
    return [("one_of", (field, [typed(value) for value in values]))]


def within(field, least=None, beyond=None):
    """A field's value is not less than the first and less than the second."""
    bound = lambda value: None if value is None else typed(value)
    return [("within", (field, bound(least), bound(beyond)))]


def only(condition, masked=()):
    """What a principal may see: which records, and which fields not."""
    return Access(condition, list(masked))


@dataclass
class Key:
    """A key by which parties are found; `mode` is `exact`, `prefix` or `part`, a weight 1 to 100."""

    kind: str
    field: str
    value: str
    mode: str = "exact"
    weight: int = 50


@dataclass
class Search:
    """By which keys parties are searched for, beside the engine's own unless `instead`."""

    keys: list
    instead: bool = False
    all_must_match: Optional[bool] = None
    limit: Optional[int] = None


@dataclass
class Route:
    """What becomes of an appeal."""

    tag: str
    data: Any


def _pairs(values):
    return [(name, typed(value)) for name, value in values.items()]


def route_create(kind, values=None, type=None):
    """Creates a record from an appeal."""
    return Route("create", dict(kind=kind, type_code=type, values=_pairs(values or {})))


def route_attach(kind, id):
    """Attaches an appeal to a record."""
    return Route("attach", dict(kind=kind, id=id))


def route_decline(reason):
    """Declines an appeal."""
    return Route("decline", reason)


@dataclass
class Party:
    """Values for a new account, contact or lead."""

    kind: str
    values: list


def party(kind, values):
    """Values for a new account, contact or lead."""
    return Party(kind, _pairs(values))


@dataclass
class Next:
    """Where a process goes on, and the agent or team who performs it."""

    stage: Optional[str] = None
    status: Optional[str] = None
    agent: Optional[str] = None
    team: Optional[str] = None
    reason: str = ""


@dataclass
class Consume:
    """What a ticket uses of a contract; `over_limit` is `allow`, `warn` or `refuse`."""

    amount: Any = None
    over_limit: Optional[str] = None
    reason: str = ""


@dataclass
class IndexText:
    """A text by which a record is found as well; only by the staff when it is internal."""

    text: str
    internal: bool = False


@dataclass
class Rank:
    """How hits are ranked, in hundredths: `sections` by name, `values` by field and value, `freshness`
    as days of the half-life and a weight, `votes`."""

    sections: dict = _member(default_factory=dict)
    values: dict = _member(default_factory=dict)
    freshness: Optional[tuple] = None
    votes: Optional[int] = None


@dataclass
class Effect:
    """What the engine shall do."""

    tag: str
    data: Any


def set(field, value):
    """Set a field."""
    return Effect("set", dict(field=field, value=typed(value)))


def clear(field):
    """Remove the value of a field."""
    return Effect("set", dict(field=field, value=None))


def transition(to):
    """Enter a status."""
    return Effect("transition", to)


def assign_agent(agent):
    """Put an agent in charge."""
    return Effect("assign", dict(agent=agent, team=None))


def assign_team(team):
    """Put a team in charge."""
    return Effect("assign", dict(agent=None, team=team))


def comment(text):
    """Add a comment that customers see."""
    return Effect("comment", dict(visibility="public", text=text))


def note(text):
    """Add a comment that only agents see."""
    return Effect("comment", dict(visibility="internal", text=text))


def create(kind, fields, type=None, relation=""):
    """Create a record; `relation` links it to this one."""
    fields = [(name, typed(value)) for name, value in fields.items()]
    return Effect("create", dict(kind=kind, type_code=type, fields=fields, relation=relation))


def link(relation, kind, to):
    """Link the record to another."""
    return Effect("link", dict(relation=relation, kind=kind, to=to))


def tag(label):
    """Add a label."""
    return Effect("tag", label)


def untag(label):
    """Remove a label."""
    return Effect("untag", label)


def schedule(name, at, data=None):
    """Set a timer; `at` in microseconds since 1970, `data` anything that JSON holds."""
    return Effect("schedule", dict(name=name, at=at, data=compact(data)))


def unschedule(name):
    """Remove a timer."""
    return Effect("unschedule", name)


def notify(to, channel, subject, text):
    """Queue a message to `contact`, `assignee`, `team` or an address."""
    return Effect("notify", dict(to=to, channel=channel, subject=subject, text=text))


def webhook(name, body):
    """Call a webhook; `body` is anything that JSON holds."""
    return Effect("webhook", dict(name=name, body=compact(body)))


def custom(kind, data):
    """An effect that the contract does not list."""
    return Effect("custom", (kind, compact(data)))


_tell = None


def because(code, text):
    """Gives a reason for the decision being made. Outside a plugin, as in tests, nothing happens."""
    if _tell:
        _tell(code, str(text))
