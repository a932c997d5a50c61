"""The entry of the component: asks the functions of plugin.py, and turns what they decide into the
types of the contract."""

import importlib
import json
import sys
from types import SimpleNamespace

import opora
import plugin
from wit_world.imports import log, types

opora._tell = log.because


def _value(value):
    value = opora.typed(value)
    return getattr(types, "Value_" + value.tag.capitalize())(value.value)


def _plain(value):
    if isinstance(value, types.Value_Json):
        return json.loads(value.value)
    return value.value


def _view(view):
    if view is None:
        return None
    fields = {name: _plain(value) for name, value in view.fields}
    return opora.View(view.id, view.kind, view.category, fields)


def _named(values):
    return {name: _plain(value) for name, value in values}


def _input(raw):
    members = dict(vars(raw))
    members.pop("extra", None)
    if "subject" in members:
        members["record"] = _view(members.pop("subject"))
    if "before" in members:
        members["before"] = _view(members["before"])
    if "related" in members:
        members["related"] = {name: _view(view) for name, view in members["related"]}
    if "options" in members:
        members["options"] = {name: _plain(value) for name, value in members["options"]}
    if "change" in members:
        change = dict(vars(members["change"]))
        change["before"] = _named(change["before"])
        change["after"] = _named(change["after"])
        members["change"] = SimpleNamespace(**change)
    if "wanted" in members:
        wanted = dict(vars(members["wanted"]))
        members["wanted"] = SimpleNamespace(**dict(wanted, values=_named(wanted["values"])))
    if "found" in members:
        members["found"] = [
            SimpleNamespace(record=_view(p.view), score=p.score, reasons=p.reasons)
            for p in members["found"]
        ]
    if "open" in members:
        members["open"] = [_view(view) for view in members["open"]]
    if "contract" in members:
        members["contract"] = _view(members["contract"])
    return opora.Input(**members)


def _list(answer):
    if answer is None:
        return []
    return list(answer) if isinstance(answer, (list, tuple)) else [answer]


_RECORDS = {
    "set": types.FieldChange,
    "assign": types.Assignment,
    "comment": types.Comment,
    "create": types.NewRecord,
    "link": types.NewLink,
    "schedule": types.Timer,
    "notify": types.Notice,
    "webhook": types.WebhookCall,
}


def _effect(effect):
    data = effect.data
    if effect.tag == "set" and data["value"] is not None:
        data = dict(data, value=_value(data["value"]))
    if effect.tag == "comment":
        data = dict(data, visibility=types.Visibility[data["visibility"].upper()])
    if effect.tag == "create":
        data = dict(data, fields=[(name, _value(value)) for name, value in data["fields"]])
    if effect.tag in _RECORDS:
        data = _RECORDS[effect.tag](**data)
    return getattr(types, "Effect_" + effect.tag.capitalize())(data)


def _effects(answer):
    return [_effect(effect) for effect in _list(answer)]


def _refusals(module, answer):
    return module.Decision([module.Refusal(r.code, r.message, r.field) for r in _list(answer)], [])


def _acts(module, answer):
    return module.Decision(_effects(answer), [])


def _define(module, answer):
    return module.Decision(opora.compact(answer), [])


def _defaults(module, answer):
    return module.Decision([(name, _value(value)) for name, value in (answer or {}).items()], [])


def _rules(module, answer):
    return module.Decision([module.FieldRule(**vars(rule)) for rule in _list(answer)], [])


def _assign(module, answer):
    choice = answer and module.Choice(answer.agent, answer.team, answer.reason)
    return module.Decision(choice, [])


def _level(module, answer):
    return module.Decision(answer and module.Choice(answer.level, answer.reason), [])


def _ask(module, answer):
    if answer is None:
        return module.Decision(None, [], [])
    if answer.send is not None:
        ask = module.Ask_Send(module.Survey(**answer.send))
    else:
        ask = module.Ask_Skip(answer.skip)
    return module.Decision(ask, _effects(answer.effects), [])


def _outcome(module, answer):
    if answer is None:
        return module.Decision(None, [], [])
    outcome = module.Outcome(answer.meaning, answer.weighted)
    return module.Decision(outcome, _effects(answer.effects), [])


def _compute(module, answer):
    change = lambda name, value: types.FieldChange(name, None if value is None else _value(value))
    return module.Decision([change(name, value) for name, value in (answer or {}).items()], [])


def _steps(module, answer):
    def act(step):
        kind = getattr(module, "Act_" + step.act.capitalize())
        return kind() if step.seconds is None else kind(step.seconds)

    return module.Decision([module.Step(step.clock, act(step)) for step in _list(answer)], [])


def _action(module, answer):
    if isinstance(answer, opora.Result):
        return module.Decision([], _effects(answer.effects), opora.compact(answer.value), [])
    refused = [part for part in _list(answer) if isinstance(part, opora.Refusal)]
    effects = [part for part in _list(answer) if not isinstance(part, opora.Refusal)]
    refusals = [module.Refusal(r.code, r.message, r.field) for r in refused]
    return module.Decision(refusals, _effects(effects), None, [])


def _notice(module, answer):
    if answer is None:
        return module.Decision(None, [])
    if answer.suppress is not None:
        return module.Decision(module.Choice_Suppress(answer.suppress), [])
    message = module.Message(answer.to, answer.channel, answer.subject, answer.text)
    extra = [] if answer.html is None else [("html", _value(str(answer.html)))]
    if answer.template is not None:
        extra.append(("template", _value(str(answer.template))))
    if answer.values is not None:
        extra.append(("values", _value(opora.json(answer.values))))
    return module.Decision(module.Choice_Compose(message), extra)


def _access(module, answer):
    bound = lambda value: None if value is None else _value(value)

    def node(tag, data):
        if tag == "not":
            return module.Node_Not()
        if tag == "one_of":
            return module.Node_OneOf(module.Set(data[0], [_value(value) for value in data[1]]))
        if tag == "within":
            return module.Node_Within(module.Range(data[0], bound(data[1]), bound(data[2])))
        return getattr(module, "Node_" + tag.capitalize())(data)

    if answer is None:
        return module.Decision(None, [])
    nodes = [node(tag, data) for tag, data in answer.only]
    return module.Decision(module.Choice(nodes, answer.masked), [])


def _of(kind, answer):
    return [part for part in _list(answer) if isinstance(part, kind)]


def _last(kind, answer):
    found = _of(kind, answer)
    return found[-1] if found else None


def _lifecycle(module, answer):
    refusals = [module.Refusal(r.code, r.message) for r in _of(opora.Refusal, answer)]
    return module.Decision(refusals, _effects(_of(opora.Effect, answer)), [])


def _config(module, answer):
    return module.Decision([module.Refusal(r.code, r.message) for r in _list(answer)], [])


def _keys(module, answer):
    if answer is None:
        return module.Decision(None, [])
    keys = [module.Key(k.kind, k.field, str(k.value), k.mode, k.weight) for k in answer.keys]
    choice = module.Choice(keys, answer.instead, answer.all_must_match, answer.limit)
    return module.Decision(choice, [])


def _route(module, answer):
    pairs = lambda values: [(name, _value(value)) for name, value in values]
    route = _last(opora.Route, answer)
    if route is not None and route.tag == "create":
        data = module.Creation(**dict(route.data, values=pairs(route.data["values"])))
        route = module.Route_Create(data)
    elif route is not None and route.tag == "attach":
        route = module.Route_Attach(module.Target(**route.data))
    elif route is not None:
        route = module.Route_Decline(route.data)
    parties = [module.NewParty(p.kind, pairs(p.values)) for p in _of(opora.Party, answer)]
    refusals = [module.Refusal(r.code, r.message, r.field) for r in _of(opora.Refusal, answer)]
    return module.Decision(route, parties, refusals, _effects(_of(opora.Effect, answer)), [])


def _next(module, answer):
    step = _last(opora.Next, answer)
    if step is not None:
        performer = None
        if step.agent is not None or step.team is not None:
            performer = types.Assignment(step.agent, step.team)
        step = module.Step(step.stage, step.status, performer, step.reason)
    refusals = [module.Refusal(r.code, r.message, r.field) for r in _of(opora.Refusal, answer)]
    return module.Decision(step, refusals, _effects(_of(opora.Effect, answer)), [])


def _consume(module, answer):
    choice = _last(opora.Consume, answer)
    if choice is not None:
        amount = None if choice.amount is None else str(choice.amount)
        choice = module.Choice(amount, choice.over_limit, choice.reason)
    return module.Decision(choice, _effects(_of(opora.Effect, answer)), [])


def _texts(module, answer):
    return module.Decision([module.IndexText(t.text, t.internal) for t in _list(answer)], [])


def _rank(module, answer):
    rank = answer or opora.Rank()
    sections = [module.SectionBoost(name, factor) for name, factor in rank.sections.items()]
    values = [
        module.ValueBoost(field, str(value), factor)
        for field, of in rank.values.items()
        for value, factor in of.items()
    ]
    freshness = None if rank.freshness is None else module.Freshness(*rank.freshness)
    return module.Decision(sections, values, freshness, rank.votes, [])


# Function of the contract, and what becomes of the answer, by the name of the interface.
_HOOKS = {
    "define": ("define", _define),
    "record_defaults": ("defaults", _defaults),
    "form_rules": ("rules", _rules),
    "record_validate": ("validate", _refusals),
    "transition_guard": ("guard", _refusals),
    "transition_effect": ("entered", _acts),
    "assign_select": ("select", _assign),
    "sla_select": ("select", _level),
    "survey_done": ("done", _ask),
    "survey_reply": ("reply", _outcome),
    "schedule_fire": ("fire", _acts),
    "field_compute": ("compute", _compute),
    "interaction_event": ("recorded", _acts),
    "sla_clock": ("follow", _steps),
    "sla_event": ("happened", _acts),
    "record_changed": ("changed", _acts),
    "action_run": ("run", _action),
    "notify_compose": ("compose", _notice),
    "access_filter": ("filter", _access),
    "pack_lifecycle": ("happens", _lifecycle),
    "config_guard": ("guard", _config),
    "intake_match": ("keys", _keys),
    "intake_route": ("accept", _route),
    "process_step": ("follow", _next),
    "contract_consume": ("consume", _consume),
    "search_document": ("texts", _texts),
    "search_rank": ("weigh", _rank),
}


def _report(error):
    # By hand: the library would open the source, and a plugin has no files.
    place = error.__traceback__
    while place.tb_next:
        place = place.tb_next
    file = place.tb_frame.f_code.co_filename.rsplit("/", 1)[-1]
    log.panicked(f"{type(error).__name__}: {error}", file, place.tb_lineno or 0, 0)


def _class(name, function, convert, module):
    decide = getattr(plugin, name, None)
    if decide is None:
        raise AttributeError(f"plugin.py has no function {name}, which wit/world.wit names")

    def ask(self, raw):
        try:
            return convert(module, decide(_input(raw)))
        except Exception as error:
            _report(error)
            raise

    return type("Hook", (), {function: ask})


for _name, (_function, _convert) in _HOOKS.items():
    try:
        _module = importlib.import_module("wit_world.exports." + _name)
    except ModuleNotFoundError:
        continue
    _camel = "".join(part.capitalize() for part in _name.split("_"))
    setattr(sys.modules[__name__], _camel, _class(_name, _function, _convert, _module))
