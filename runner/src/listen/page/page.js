// Shows what /events sends each second. Everything of others is set as text, never as HTML.
"use strict";

const KEPT = 600; // seconds on a chart
const STALE = 5000; // milliseconds without an event, after which the connection counts as lost
const SEAMS = { queue: "queue", database: "database", dead_letter_queue: "dead-letter queue" };
const STAGES = {
  validate: ["not_json", "unwrap", "no_schema", "schema"],
  map: ["mapping", "cast", "not_null", "budget"],
};

const cards = new Map();
let last = 0;

const integer = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const decimal = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const count = (number) => integer.format(number);
const rate = (number) => `${number < 10 ? decimal.format(number) : integer.format(number)}/s`;
const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;

function milliseconds(seconds) {
  if (seconds === null || seconds === undefined) return ["–", ""];
  if (seconds < 1) return [count(seconds * 1000), "ms"];
  if (seconds < 120) return [decimal.format(seconds), "s"];
  return [decimal.format(seconds / 60), "min"];
}

function length(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

// Only what changed is written, so that nothing flickers and a selection stays.
function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

function toggle(element, name, on) {
  element.classList.toggle(name, Boolean(on));
}

function copyOf(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

class Chart {
  constructor(parent, caption) {
    this.element = copyOf("chart");
    this.values = [];
    text(this.element.querySelector("figcaption"), caption);
    parent.append(this.element);
  }

  push(value) {
    this.values.push(value);
    if (this.values.length > KEPT) this.values.shift();
  }

  show(number, unit) {
    text(this.element.querySelector(".value b"), number);
    text(this.element.querySelector(".value span"), unit);
    const known = this.values.filter((value) => value !== null);
    const top = Math.max(...known, 1e-9);
    const step = 600 / (KEPT - 1);
    const start = KEPT - this.values.length;
    let line = "";
    let area = "";
    let first = null;
    this.values.forEach((value, index) => {
      if (value === null) return;
      const x = ((start + index) * step).toFixed(1);
      const y = (58 - (value / top) * 52).toFixed(1);
      line += `${first === null ? "M" : "L"}${x} ${y}`;
      first = first ?? x;
      area = `${line}L${x} 60L${first} 60Z`;
    });
    this.element.querySelector(".line").setAttribute("d", line);
    this.element.querySelector(".area").setAttribute("d", area);
  }
}

class Card {
  constructor(name) {
    this.name = name;
    this.element = copyOf("pipeline");
    this.before = null;
    this.kinds = new Kinds(this.element.querySelector(".kinds"), this);
    this.letters = new Kinds(this.element.querySelector(".letters"), this);
    this.element.querySelector(".list").addEventListener("click", () => this.list());
    const heading = this.element.querySelector("h2");
    heading.textContent = name;
    heading.id = `pipeline-${cards.size}`;
    this.element.setAttribute("aria-labelledby", heading.id);
    const charts = this.element.querySelector(".charts");
    this.settled = new Chart(charts, "settled a second, last 10 minutes");
    this.age = new Chart(charts, "age when settled, p99");
    this.backlog = new Chart(charts, "waiting in the queue");
    document.getElementById("pipelines").append(this.element);
  }

  part(selector, value) {
    text(this.element.querySelector(selector), value);
  }

  show(now, clock) {
    const rates = now.rates;
    const outage = now.state === "outage" || now.state === "failed";
    const badge = this.element.querySelector(".state");
    badge.className = `badge state ${now.state}`;
    text(badge, outage && now.seam ? `${now.state}: ${SEAMS[now.seam]}` : now.state);
    toggle(this.element, "bad", outage);
    this.part(".note", [now.about?.file, outage ? "" : waitsFor(now)].filter(Boolean).join(" · "));
    this.showOutage(now, clock);
    this.showFlow(now, rates);
    this.showCharts(now, rates);
    this.showKinds(now.rejections ?? [], clock);
    this.showNewest(now.newest);
    this.before = now;
  }

  showOutage(now, clock) {
    const line = this.element.querySelector(".cause");
    line.hidden = !now.cause;
    if (!now.cause) return;
    const since = document.createElement("b");
    since.textContent = `For ${length((clock - Date.parse(now.since)) / 1000)}: `;
    since.title = `since ${now.since}`;
    const kept = now.queues?.source ? ` The queue keeps ${plural(now.queues.source.visible, "message")}.` : "";
    const held = now.in_flight > 0 ? ` ${count(now.in_flight)} ${now.in_flight === 1 ? "is" : "are"} held here.` : "";
    const calm = now.state === "outage" ? " Nothing is lost, and nothing is dead-lettered for it." : "";
    line.replaceChildren(since, `${now.cause}.${kept}${held}${calm}`);
  }

  showFlow(now, rates) {
    const about = now.about ?? {};
    const queue = now.queues?.source;
    this.part(".queue-name", about.queue ?? "");
    this.part(".queue-visible", queue ? `${count(queue.visible)} waiting` : "backlog unknown");
    this.part(".queue-flight", `${count(now.in_flight)} in flight`);
    this.part(".rate-received", rate(rates.received));
    this.part(".pollers", plural(now.pollers, "poller"));
    const invalid = sum(now.dead_letters, STAGES.validate);
    const unmapped = sum(now.dead_letters, STAGES.map);
    this.part(".schema", about.schema ?? "JSON Schema");
    this.part(".valid", share(now.received - invalid, now.received, "valid"));
    this.part(".invalid", `${count(invalid)} rejected`);
    this.part(".rate-valid", rate(Math.max(0, rates.received - this.perSecond(now, STAGES.validate))));
    this.part(".mapping", about.mapping ?? plural(now.tables.length, "table"));
    this.part(".unmapped", `${count(unmapped)} rejected`);
    this.part(".skipped", `${count(now.settled.skipped)} skipped`);
    this.part(".rate-stored", rate(rates.stored));
    this.part(".table-names", now.tables.map((table) => table.name).join(", "));
    this.part(".rows", `${count(now.rows - now.duplicates)} new rows`);
    this.part(".duplicates", plural(now.duplicates, "duplicate"));
    const moving = [rates.received, rates.received, rates.stored];
    this.element.querySelectorAll(".arrow").forEach((arrow, index) => toggle(arrow, "moving", moving[index] > 0));
    const stages = this.element.querySelectorAll(".stage");
    toggle(stages[0], "bad", now.outages.queue?.now);
    toggle(stages[3], "bad", now.outages.database?.now);
    const letters = now.queues?.dlq;
    this.part(".rate-rejected", rate(rates.dead_lettered));
    this.part(".dlq-name", about.dlq ?? "dead-letter queue");
    this.part(".dlq-letters", letters ? `· ${plural(letters.visible, "letter")}` : "");
    toggle(this.element.querySelector(".branch"), "some", rates.dead_lettered > 0);
    toggle(this.element.querySelector(".dlq"), "some", now.outages.dead_letter_queue?.now || letters?.visible > 0);
  }

  perSecond(now, codes) {
    if (!this.before) return 0;
    return Math.max(0, sum(now.dead_letters, codes) - sum(this.before.dead_letters, codes));
  }

  showCharts(now, rates) {
    const settled = rates.stored + rates.dead_lettered + rates.skipped;
    this.settled.push(settled);
    this.settled.show(settled < 10 ? decimal.format(settled) : count(settled), "messages a second");
    this.age.push(now.age.p99);
    const [p99, unit] = milliseconds(now.age.p99);
    const [p50, half] = milliseconds(now.age.p50);
    this.age.show(p99, now.age.p99 === null ? "nothing was settled lately" : `${unit} · median ${p50} ${half}`);
    const visible = now.queues?.source?.visible ?? null;
    this.backlog.push(visible);
    this.backlog.show(visible === null ? "–" : count(visible), visible === null ? "not known" : `messages${trend(this.backlog.values)}`);
  }

  showKinds(kinds, clock) {
    const total = kinds.reduce((all, kind) => all + kind.count, 0);
    this.part(".empty", kinds.length > 0 ? "" : emptySentence(this.before, this.name));
    this.part(".kinds-about", kinds.length === 0 ? "" : `${plural(total, "message")} of ${plural(kinds.length, "kind")} since the start`);
    this.kinds.show(kinds, clock);
  }

  showNewest(keys) {
    const line = this.element.querySelector(".newest");
    line.hidden = !keys?.length;
    if (line.hidden || this.kinds.reading) return;
    const texts = keys.slice(0, 3).map(({ table, key }) => (this.before?.tables.length > 1 ? `${table} ${key}` : key));
    while (line.children.length < texts.length + 1) line.append(document.createElement("code"));
    texts.forEach((value, index) => text(line.children[index + 1], value));
  }

  async list() {
    const about = this.element.querySelector(".letters-about");
    const button = this.element.querySelector(".list");
    text(about, "Looking at each letter …");
    button.disabled = true;
    try {
      const listed = await act(this.name, "list", {});
      const kinds = listed.kinds.map((kind) => ({ ...kind, reason: kind.sample.message, message_id: kind.sample.id }));
      this.letters.show(kinds, Date.now());
      const seen = `${plural(listed.seen, "letter")} of ${plural(kinds.length, "kind")}, seen at ${new Date().toISOString().slice(11, 19)} UTC`;
      const hidden = listed.about > listed.seen ? `; about ${count(listed.about - listed.seen)} more are held by others or have just arrived` : "";
      text(about, listed.about === 0 ? "The dead-letter queue is empty." : `${seen}${hidden}.`);
    } catch (error) {
      text(about, error.message);
      if (error instanceof TokenNeeded) dialog.askForToken("Dead letters", () => { dialog.element.close(); this.list(); });
    }
    button.disabled = false;
    // Disabled, it has lost the focus.
    if (document.activeElement === document.body) button.focus();
  }
}

// A table of kinds, with what can be done about each.
class Kinds {
  constructor(section, card) {
    this.table = section.querySelector("table");
    this.body = section.querySelector("tbody");
    this.card = card;
    this.rows = new Map();
    this.reading = false;
    // Rows keep their order while somebody reads or selects them.
    this.table.addEventListener("pointerenter", () => { this.reading = true; });
    this.table.addEventListener("pointerleave", () => { this.reading = false; });
  }

  show(kinds, clock) {
    this.table.hidden = kinds.length === 0;
    const most = Math.max(...kinds.map((kind) => kind.count), 1);
    const shown = new Set(kinds.map((kind) => this.showKind(kind, most, clock)));
    for (const [key, row] of this.rows) {
      if (shown.has(key)) continue;
      row.element.remove();
      this.rows.delete(key);
    }
    if (this.reading || this.body.contains(document.activeElement)) return;
    const order = [...this.rows.values()].sort((one, other) => other.kind.count - one.kind.count || one.index - other.index);
    order.forEach((row, index) => {
      if (this.body.children[index] !== row.element) this.body.insertBefore(row.element, this.body.children[index] ?? null);
    });
  }

  showKind(kind, most, clock) {
    const key = JSON.stringify([kind.code, kind.place, kind.keyword, kind.sqlstate]);
    if (!this.rows.has(key)) {
      const element = copyOf("kind");
      const row = { element, kind, index: this.rows.size };
      element.querySelector(".look").addEventListener("click", () => dialog.look(this.card, row.kind));
      element.querySelector(".again").addEventListener("click", () => dialog.tryAgain(this.card, row.kind));
      this.rows.set(key, row);
      this.body.append(element);
    }
    const row = this.rows.get(key);
    row.kind = kind;
    const part = (selector) => row.element.querySelector(selector);
    text(part(".code"), kind.code);
    text(part(".place"), kind.place ?? "");
    const keyword = kind.keyword ? `keyword ${kind.keyword}` : "";
    text(part(".keyword"), kind.sqlstate ? `SQLSTATE ${kind.sqlstate}` : keyword);
    text(part(".reason"), kind.reason);
    text(part(".times"), times(kind, clock));
    part(".times").title = `first ${kind.first}, last ${kind.last}, message ${kind.message_id}`;
    text(part(".number b"), count(kind.count));
    part(".bar span").style.width = `${(100 * kind.count) / most}%`;
    return key;
  }
}

function times(kind, clock) {
  if (!kind.first || !kind.last) return "";
  const ago = length((clock - Date.parse(kind.last)) / 1000);
  return `last ${ago} ago · first ${kind.first.slice(11, 19)} UTC · message ${kind.message_id.slice(0, 8)}`;
}

class TokenNeeded extends Error {}

// `dev` prints the address with the token behind a #, which no browser sends to a server. It goes from the address line
// into the memory of this tab.
const own = new URLSearchParams(location.hash.slice(1)).get("token");
if (own) {
  sessionStorage.setItem("token", own);
  history.replaceState(null, "", location.pathname);
}

async function act(pipeline, action, request) {
  const token = sessionStorage.getItem("token") ?? "";
  // Nothing else can be sent in a header.
  if (!/^[ -~]*$/.test(token)) throw new TokenNeeded("the token is wrong");
  const answer = await fetch(`letters/${encodeURIComponent(pipeline)}/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-runner-token": token },
    body: JSON.stringify(request),
  });
  const isOurs = answer.headers.get("content-type") === "application/json";
  const result = isOurs ? await answer.json() : { error: `${answer.status} ${answer.statusText}` };
  if (answer.status === 401) throw new TokenNeeded(result.error);
  if (!answer.ok) throw new Error(result.error);
  return result;
}

const MOST_SHOWN = 65536; // characters of a body

// What became of an action: one dialog for the page, which the keyboard opens, uses and closes.
class Dialog {
  constructor() {
    this.element = document.querySelector("dialog");
    this.go = this.element.querySelector(".go");
    this.form = this.element.querySelector("form");
    this.input = this.element.querySelector("input");
    // Counts what the dialog is asked for, so that a late answer does not fill what was opened after it.
    this.turn = 0;
    this.element.addEventListener("close", () => { this.turn += 1; });
    this.element.querySelector(".close").addEventListener("click", () => this.element.close());
    this.go.addEventListener("click", () => this.next());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.next();
    });
  }

  // Opens with a sentence, then runs what `work` gives to show its result; asks for the token where it is needed.
  async open(title, sentence, work) {
    this.turn += 1;
    const turn = this.turn;
    text(this.element.querySelector("h2"), title);
    this.show(sentence);
    if (!this.element.open) this.element.showModal();
    this.element.querySelector(".close").focus();
    try {
      const shown = await work();
      if (turn === this.turn) shown();
    } catch (error) {
      if (turn !== this.turn) return;
      this.show(error.message);
      if (error instanceof TokenNeeded) this.askForToken(title, () => this.open(title, sentence, work));
    }
  }

  askForToken(title, again) {
    text(this.element.querySelector("h2"), title);
    this.show(sessionStorage.getItem("token") ? "The token is wrong." : "This page acts for whoever knows the token of this process.");
    if (!this.element.open) this.element.showModal();
    this.input.value = "";
    this.form.hidden = false;
    this.offer("Go on", () => {
      sessionStorage.setItem("token", this.input.value);
      again();
    });
    this.input.focus();
  }

  show(sentence, { items = [], facts = [], body = null } = {}) {
    text(this.element.querySelector(".result"), sentence);
    this.fill("ul", items.map((item) => element("li", item)));
    this.fill("dl", facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
    const pre = this.element.querySelector("pre");
    pre.hidden = body === null;
    const rest = (body ?? "").length - MOST_SHOWN;
    text(pre, rest > 0 ? `${body.slice(0, MOST_SHOWN)}\n… and ${plural(rest, "character")} more` : (body ?? ""));
    this.form.hidden = true;
    this.go.hidden = true;
  }

  fill(selector, children) {
    const parent = this.element.querySelector(selector);
    parent.hidden = children.length === 0;
    parent.replaceChildren(...children);
  }

  offer(label, next) {
    text(this.go, label);
    this.next = next;
    this.go.hidden = false;
  }

  look(card, kind) {
    this.open(named(kind), "Looking for the last letter of this kind …", async () => {
      const letter = await act(card.name, "show", { id: kind.message_id });
      const written = letter.reason?.message ?? (letter.reason && JSON.stringify(letter.reason));
      const reason = written ?? (letter.code === "redrive policy" ? "Moved here by the queue's redrive policy." : "It has no reason.");
      const facts = [["letter", letter.id], ["message", letter.reason?.message_id], ["sent", letter.sent_at], ["group", letter.group_id]];
      const attributes = Object.entries(letter.attributes ?? {});
      const known = [...facts, ...attributes].filter(([, value]) => value !== null && value !== undefined);
      return () => this.show(reason, { facts: known.map(([name, value]) => [name, String(value)]), body: letter.body });
    });
  }

  // Shows the dry run before anything is sent.
  tryAgain(card, kind) {
    const { code, place, keyword, sqlstate } = kind;
    const request = { kind: { code, place, keyword, sqlstate } };
    this.open(named(kind), "Deciding each letter of this kind by the pipeline as it is now …", async () => {
      const now = await act(card.name, "dry-run", request);
      const sentence = `${count(now.would_pass)} would now pass, ${count(now.still_failing)} would still fail.`;
      return () => {
        const none = "No letter of this kind is in the queue now.";
        this.show(now.selected === 0 ? none : `${sentence}${leftAlone(now)}`, { items: reasons(now.kinds) });
        if (now.would_pass === 0) return;
        this.offer(`Send ${plural(now.would_pass, "letter")} back to the queue`, () => this.redrive(card, kind, request));
      };
    });
  }

  redrive(card, kind, request) {
    this.open(named(kind), "Sending …", async () => {
      const done = await act(card.name, "redrive", request);
      const sentence = `${count(done.sent)} sent back to the queue, ${count(done.still_failing)} still fail.`;
      if (card.letters.rows.size > 0) card.list();
      return () => this.show(`${sentence}${leftAlone(done)}`, { items: reasons(done.kinds) });
    });
  }
}

function element(tag, value) {
  const made = document.createElement(tag);
  made.textContent = value;
  return made;
}

function named(kind) {
  return [kind.code, kind.place, kind.keyword, kind.sqlstate].filter(Boolean).join(" ");
}

function reasons(kinds) {
  return kinds.slice(0, 10).map((kind) => `${count(kind.count)}: ${named(kind)} – ${kind.sample.message}`);
}

function leftAlone(result) {
  return [
    [result.left_alone, "left alone: sent back three times already."],
    [result.of_other_pipelines, "left alone: rejected by another pipeline."],
    [result.refused, `refused by the queue: ${result.refusal}.`],
    [result.undeleted, "sent, but not deleted here: a later redrive sends them again."],
  ].map(([number, words]) => (number > 0 ? ` ${count(number)} ${words}` : "")).join("") + (result.error ? ` It ended early: ${result.error}.` : "");
}

const dialog = new Dialog();

function sum(letters, codes) {
  return codes.reduce((all, code) => all + (letters[code] ?? 0), 0);
}

function share(part, all, word) {
  return all === 0 ? "" : `${decimal.format((100 * Math.max(0, part)) / all)}% ${word}`;
}

function trend(values) {
  const known = values.filter((value) => value !== null).slice(-30);
  if (known.length < 10) return "";
  const change = known[known.length - 1] - known[0];
  if (Math.abs(change) <= known[0] * 0.02) return "";
  return change < 0 ? " · falling" : " · growing";
}

function waitsFor(now) {
  if (now.state === "starting" || now.state === "draining") return "";
  if (now.in_flight >= now.in_flight_limit * 0.95) return "waits for PostgreSQL: as many messages in flight as allowed";
  if (now.in_flight_bytes >= now.in_flight_limit_bytes * 0.9) return "waits for PostgreSQL: memory is full";
  if (now.waiting > 0) return `${plural(now.waiting, "message")} wait for something in the database`;
  return now.rates.received === 0 ? "waits for the queue" : "";
}

function emptySentence(before, name) {
  if (!before || before.received === 0) return `No message yet. runner produce sends some, if ${name} has templates.`;
  return "None was rejected.";
}

function showOverall(status) {
  const all = Object.values(status.pipelines);
  const bad = all.filter((pipeline) => pipeline.state === "outage" || pipeline.state === "failed");
  const other = all.find((pipeline) => pipeline.state !== "running");
  const badge = document.getElementById("overall");
  badge.className = `badge ${bad.length > 0 ? "outage" : (other?.state ?? "running")}`;
  const words = bad.length > 0 ? `${bad.length} of ${all.length} in an outage` : (other?.state ?? "running");
  text(badge, words);
  document.title = bad.length > 0 ? `${words} – runner` : "runner";
  const up = length((Date.parse(status.now) - Date.parse(status.started)) / 1000);
  text(document.getElementById("about"), `${status.version} · up ${up} · live`);
}

function show(status) {
  last = Date.now();
  const clock = Date.parse(status.now);
  document.body.classList.toggle("acting", status.actions);
  for (const [name, pipeline] of Object.entries(status.pipelines)) {
    if (!cards.has(name)) cards.set(name, new Card(name));
    cards.get(name).show(pipeline, clock);
  }
  showOverall(status);
}

function lost() {
  if (Date.now() - last < STALE) return;
  const badge = document.getElementById("overall");
  badge.className = "badge failed";
  text(badge, last === 0 ? "connecting" : `no connection for ${length((Date.now() - last) / 1000)}`);
  text(document.getElementById("about"), "The process has ended or can't be reached. The figures are the last known.");
}

// A page that is opened now, or finds its connection again, shows the minutes before, too.
function recall(histories) {
  for (const [name, points] of Object.entries(histories)) {
    if (!cards.has(name)) cards.set(name, new Card(name));
    const card = cards.get(name);
    [card.settled, card.age, card.backlog].forEach((chart, index) => {
      chart.values = points.map((point) => point[index]);
    });
  }
}

const events = new EventSource("events");
events.onopen = async () => {
  const answer = await fetch("history");
  if (answer.ok) recall(await answer.json());
};
events.onmessage = (event) => show(JSON.parse(event.data));
setInterval(lost, 1000);
