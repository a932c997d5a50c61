"""The rules of tests/hooks/README.md in Python: the same rules stand in plugins/conformance, and
`.ci/plugins` runs the fixtures through them."""

import json
from decimal import Decimal

import opora as o

HOUR = 3_600_000_000


def rule(decide):
    """A rule that first makes the trouble that is asked for."""

    def asked(c):
        if c.option("trouble") == "panic":
            raise RuntimeError(f"trouble of {c.pack}")
        if c.option("trouble") == "index":
            return [1, 2, 3][7]
        return decide(c)

    return asked


def labels(c):
    return [o.tag(f"t{n}") for n in range(c.option("many", 0))]


@rule
def record_defaults(c):
    values = {}
    title = c.record.get("title", "")
    if "urgent" in title:
        o.because("urgent_word", title)
        values["priority"] = "high"
    account = c.related.get("account")
    if account:
        values["city"] = account.get("city", "")
        values["visits"] = c.record.get("visits", 0) + 1
    return values


@rule
def form_rules(c):
    rules = []
    if c.record.get("fault") == "broken":
        rules.append(o.field("photo", required=True, advice="show the broken part"))
        rules.append(o.field("outcome", options=["repair", "replace"]))
    if c.before:
        rules.append(o.field("serial", readonly=True))
    if c.actor.role == "contact":
        rules.append(o.field("cost", visible=False))
    return rules


@rule
def record_validate(c):
    refusals = []
    limit = c.option("limit", 100)
    amount, first, last = (c.record.get(name) for name in ("amount", "first", "last"))
    if amount is not None and amount > limit:
        refusals.append(o.refuse("over_limit", f"{amount} is over {limit}", "amount"))
    if first is not None and last is not None and first > last:
        refusals.append(o.refuse("wrong_order", "the first is after the last"))
    return refusals


@rule
def transition_guard(c):
    refusals = []
    if not c.is_own(c.entering, "closed"):
        return refusals
    if not c.record.is_filled("solution"):
        refusals.append(o.refuse("no_solution", "say how it was solved", "solution"))
    if c.actor.role == "contact":
        refusals.append(o.refuse("not_allowed", "only agents close"))
    return refusals


@rule
def transition_effect(c):
    effects = labels(c)
    if c.is_own(c.entering, "closed"):
        o.because("closed", c.leaving)
        effects += [
            o.set("closed_by", c.actor.role),
            o.tag("closed"),
            o.comment("Your request is closed."),
            o.note(f"closed from {c.leaving}"),
            o.schedule("ask", c.now + 48 * HOUR, {"round": 1}),
            o.unschedule("remind"),
            o.notify("contact", "mail", "Closed", "We are done."),
            o.webhook("erp", {"state": "closed"}),
            o.create("activity", {"title": "Call back"}, relation="follows"),
        ]
        account = c.related.get("account")
        if account:
            effects.append(o.link("for", "account", account.id))
    elif c.is_own(c.entering, "urgent"):
        effects += [
            o.transition("triaged"),
            o.assign_team("first"),
            o.untag("calm"),
            o.clear("note"),
        ]
    return effects


@rule
def assign_select(c):
    skill = c.record.get("category", "")
    able = [agent for agent in c.agents if skill in agent.skills]
    if able:
        best = min(able, key=lambda agent: agent.load)
        o.because("least_loaded", best.code)
        return o.agent(best.id, skill)
    if any(team.code == "first" for team in c.teams):
        return o.team("first", "nobody has the skill")


@rule
def sla_select(c):
    known = any(level.code == "gold" for level in c.levels)
    if c.record.get("priority") == "high" and known:
        return o.level("gold", "high priority")


@rule
def survey_done(c):
    if c.record.get("priority") == "low":
        return None
    if c.address is None:
        return o.skip("no_address")
    if c.asked_before > 0:
        return o.skip("asked_already", [o.tag("asked_already")])
    ask = {"template": "short", "channel": "mail", "delay_secs": 3600, "valid_secs": 604_800}
    return o.send(**ask, scale=5, subject="How was it?", text="Tell us: {link}")


@rule
def survey_reply(c):
    scores = [answer.score for answer in c.answers if answer.score is not None]
    if scores:
        mean = sum(scores) * 100 // len(scores)
        return o.means("satisfied" if mean >= 400 else "dissatisfied", mean)
    if c.score is None:
        return None
    if c.score * 2 > c.scale:
        return o.means("satisfied")
    return o.means("dissatisfied", effects=[o.tag("dissatisfied"), o.note(c.comment)])


@rule
def schedule_fire(c):
    effects = labels(c)
    if c.name == "remind":
        effects.append(o.notify("assignee", "mail", "Reminder", "It waits."))
        effects.append(o.schedule("remind", c.now + HOUR, json.loads(c.data)))
    elif c.name == "close":
        effects.append(o.transition("closed"))
    return effects


@rule
def field_compute(c):
    first, last, span = (c.record.get(name) for name in ("first", "last", "span"))
    if first is not None and last is not None:
        return {"span": last - first, "wide": last - first > 100}
    return {} if span is None else {"span": None}


@rule
def interaction_event(c):
    effects = labels(c)
    if c.entry.direction != "in":
        return effects
    if "urgent" in c.entry.text:
        o.because("urgent_word", c.entry.subject)
        effects += [o.set("priority", "high"), o.tag("urgent")]
    if c.record.category == "waiting":
        effects.append(o.transition("open"))
    return effects


@rule
def sla_clock(c):
    steps = [o.clocks.start(f"c{n}") for n in range(c.option("many", 0))]
    waits = c.record.category == "waiting"
    if c.event == "created":
        steps += [o.clocks.start("reaction"), o.clocks.start("resolution")]
    elif c.event == "interaction":
        if c.entry.author == "agent" and c.entry.visibility == "public":
            o.because("answered", c.entry.channel)
            steps.append(o.clocks.meet("reaction"))
    elif c.event == "status":
        for clock in c.clocks:
            if clock.state == "running" and waits:
                steps.append(o.clocks.pause(clock.name))
            elif clock.state == "paused" and not waits:
                steps.append(o.clocks.resume(clock.name))
    elif c.event == "level":
        more = c.option("extend", 7200)
        for clock in c.clocks:
            late = clock.breached
            steps.append(
                o.clocks.cancel(clock.name) if late else o.clocks.extend(clock.name, more)
            )
    return steps


@rule
def sla_event(c):
    effects = labels(c)
    name = c.clock.name
    if c.event == "warned" and c.record.get("priority") != "low":
        left = (c.clock.due_at - c.now) // 1_000_000
        effects.append(o.notify("assignee", "mail", "Hurry", f"{name} is due in {left} s"))
    elif c.event == "breached":
        effects += [o.assign_team("first"), o.set("late_clock", name), o.tag("late")]
    return effects


@rule
def record_changed(c):
    effects = labels(c)
    if c.command == "update" and "amount" in c.changes:
        effects += [o.webhook("erp", {"changed": "amount"}), o.tag("changed")]
    elif c.command == "transition":
        effects.append(o.schedule("check", c.now + HOUR, {}))
    return effects


@rule
def action_run(c):
    effects = labels(c)
    if c.name == "echo":
        return o.result(json.loads(c.arguments), effects)
    if c.name != "escalate":
        return effects
    if c.actor.role == "contact":
        return o.refuse("not_allowed", "only agents escalate")
    if c.record.get("priority") == "low":
        return o.refuse("too_low", "raise the priority first", "priority")
    return o.result({"escalated": True}, effects + [o.assign_team("first"), o.tag("escalated")])


@rule
def notify_compose(c):
    notice = c.notice
    if notice.channel == "chat" and notice.address is None:
        return o.suppress("no_address")
    if notice.locale == "ru":
        o.because("in_russian", notice.source)
        return o.compose(subject="Ваше обращение", text=f"Здравствуйте! {notice.text}")
    if notice.to == "watchers":
        return o.compose(html=f"<p>{notice.text}</p>")
    if notice.to == "assignee":
        return o.compose(template="closed", values={"number": 17, "words": notice.text})
    if c.record.get("priority") == "high":
        return o.compose(to=[notice.to, "team"], channel="mail")


@rule
def access_filter(c):
    parts = [o.one_of("amount", [n]) for n in range(c.option("many", 0))]
    levels = c.option("deep", 0)
    if levels > 0:
        deep = o.one_of("secret", [True])
        for _ in range(1, levels):
            deep = o.not_(deep)
        parts.append(deep)
    masked = []
    account, team = c.related.get("account"), c.record.get("team")
    if c.actor.role == "contact":
        own = [o.reference(account.id)] if account else None
        parts.append(o.one_of("account", own) if own else o.any_of())
        masked = ["cost", "margin"]
    elif c.actor.role == "agent" and team is not None:
        open_to_all = o.all_of(
            o.not_(o.one_of("secret", [True])),
            o.within("amount", 10),
            o.within("amount", None, 1000),
        )
        teams = o.one_of("team", [team, "first"])
        parts.append(o.any_of(teams, o.one_of("team", []), open_to_all))
    if parts:
        return o.only([node for part in parts for node in part], masked)


@rule
def pack_lifecycle(c):
    parts = []
    before, after = c.from_version or "none", c.to_version or "none"
    if c.phase in ("install", "upgrade"):
        o.because("versions", f"{before} to {after}")
        if c.option("seed", True) and not c.dry_run:
            parts.append(o.create("team", {"title": "First"}))
            parts.append(o.create("article", {"title": "How it works"}, type="guide"))
    elif c.phase == "disable" and c.actor.role != "admin":
        parts.append(o.refuse("not_allowed", "only administrators put it to rest"))
    elif c.phase == "remove":
        parts.append(o.refuse("in_use", f"{before} is in use"))
        parts.append(o.refuse("keep_it", "take its rules out instead"))
    parts += [o.create("team", {"title": f"t{n}"}) for n in range(c.option("many", 0))]
    return parts


@rule
def config_guard(c):
    change = c.change
    if change.operation == "remove" and change.before.get("used", 0) > 0:
        o.because("used", change.code)
        return o.refuse("in_use", f"{change.what} {change.code} is in use")
    category = change.before.get("category")
    if change.what != "status" or category == change.after.get("category"):
        return None
    refusals = [o.refuse("category", f"{category} stays")]
    if c.actor.role == "agent":
        refusals.append(o.refuse("not_allowed", "only administrators may"))
    return refusals


@rule
def intake_match(c):
    search = o.Search([])
    for asked in c.search:
        if asked.field == "phone":
            digits = "".join(letter for letter in asked.text if letter.isdigit())
            o.because("digits", digits)
            search.keys.append(o.Key("contact", "phones", digits, weight=90))
            search.keys.append(o.Key("account", "dialled", digits, "part", 40))
        elif asked.field == "conformance/card":
            search.instead = True
            search.keys.append(o.Key("account", "card", asked.text, c.mode, 100))
    if c.channel == "phone":
        search.all_must_match = not c.all_must_match
        search.limit = 5
    search.keys += [o.Key("lead", "card", n) for n in range(c.option("many", 0))]
    return None if search == o.Search([]) else search


@rule
def intake_route(c):
    parts = labels(c)
    title = c.record.get("title")
    if c.record.get("spam"):
        if c.automatic:
            return o.route_decline("spam")
        return [
            o.refuse("spam", "take the mark away first", "spam"),
            o.refuse("not_here", "spam is not accepted"),
        ]
    for record in c.open:
        if record.get("title") == title:
            o.because("same_title", title)
            return parts + [o.route_attach(record.kind, record.id), o.tag("again")]
    if c.found and c.found[0].score > 80:
        values = {"account": o.reference(c.found[0].record.id)}
        if "note" in c.wanted.values:
            values["note"] = c.wanted.values["note"]
        values["reason"] = c.found[0].reasons[0]
        return parts + [o.route_create("ticket", values, c.wanted.type_code or "request")]
    if c.automatic:
        return parts
    return parts + [
        o.party("account", {"title": c.record.get("company", "")}),
        o.party("contact", {"title": c.record.get("caller", "")}),
        o.set("checked", True),
        o.tag("new"),
    ]


@rule
def process_step(c):
    parts = labels(c)
    if c.event == "entered" and c.stage == "check":
        parts.append(o.Next(team="first", reason="checks first"))
    elif c.event == "decided" and c.outcome == "no" and c.loops >= 2:
        o.because("loops", c.process)
        parts.append(o.Next(stage="stop", status="void", reason="thrice is enough"))
    elif c.event == "decided" and c.outcome == "later":
        parts.append(o.refuse("no_later", "decide now"))
        parts.append(o.refuse("unclear", "say yes or no", "answer"))
    elif c.event == "decided" and c.decisions and c.decisions[0].answer == "yes":
        parts.append(o.Next(stage="done", agent="anna", reason="approved"))
        parts += [o.set("approved", True), o.tag("approved")]
    return parts


@rule
def contract_consume(c):
    parts = labels(c)
    plan = c.contract.get("plan")
    if c.event == "unlinked":
        parts.append(o.Consume(0, reason="given back"))
    elif c.unit == "events":
        return parts
    elif plan == "rounded":
        half = Decimal("0.50")
        over = c.total is not None and Decimal(c.used) + half > Decimal(c.total)
        limit = "warn" if over else None
        parts.append(o.Consume(Decimal(c.counted) + half, limit, "half more"))
        if over:
            parts += [o.tag("over"), o.set("over", o.decimal(c.used))]
    elif plan == "strict":
        parts.append(o.Consume(over_limit="refuse", reason="no more than paid for"))
    return parts


@rule
def search_document(c):
    texts = []
    if c.record.get("model") is not None:
        texts.append(o.IndexText("model " + c.record.get("model")))
    asset = c.related.get("asset")
    if asset and asset.get("serial") is not None:
        o.because("serial", asset.get("serial"))
        texts.append(o.IndexText(asset.get("serial"), internal=True))
    texts += [o.IndexText(f"t{n}") for n in range(c.option("many", 0))]
    if c.option("long", 0) > 0:
        texts.append(o.IndexText("x" * c.option("long", 0)))
    return texts


@rule
def search_rank(c):
    rank = o.Rank(votes=50 if c.channel == "portal" else None)
    if "article" in c.kinds:
        rank.sections["title"] = 150
        rank.values["category"] = {"printers": 200, "archive": 25}
    if "error" in c.words:
        o.because("word", "error")
        rank.sections["codes"] = 400
        rank.freshness = (90, 30)
    if c.option("factor", 0) > 0:
        rank.sections["extra"] = c.option("factor", 0)
    return None if rank == o.Rank() else rank
