"use strict";

const verbs = ["get", "post", "patch", "delete"];
const byId = (id) => document.getElementById(id);

function el(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) node[key] = value;
  node.append(...children);
  return node;
}

function resolve(doc, schema, depth) {
  if (!schema || depth > 6) return null;
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return resolve(doc, doc.components.schemas[name], depth + 1);
  }
  return schema;
}

// A body to begin with: the required properties, or the first few.
function sample(doc, schema, depth) {
  schema = resolve(doc, schema, depth);
  if (!schema || depth > 4) return null;
  if (schema.oneOf) return sample(doc, schema.oneOf[0], depth + 1);
  if (schema.enum) return schema.enum[0];
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "array") return [sample(doc, schema.items, depth + 1)].filter((v) => v !== null);
  if (type === "integer" || type === "number") return 0;
  if (type === "boolean") return false;
  if (type === "string") return "";
  if (type !== "object") return null;
  const all = Object.entries(schema.properties || {});
  const needed = all.filter(([name]) => (schema.required || []).includes(name));
  const chosen = needed.length ? needed : all.slice(0, 4);
  return Object.fromEntries(chosen.map(([name, s]) => [name, sample(doc, s, depth + 1)]));
}

function quote(text) {
  return "'" + text.replaceAll("'", "'\\''") + "'";
}

function request(path, verb, form) {
  let url = path;
  const query = new URLSearchParams();
  const headers = {};
  for (const field of form.querySelectorAll("input[data-in]")) {
    if (field.value === "") continue;
    if (field.dataset.in === "path") url = url.replace(`{${field.name}}`, encodeURIComponent(field.value));
    else if (field.dataset.in === "query") query.append(field.name, field.value);
    else headers[field.name] = field.value;
  }
  if (query.size) url += "?" + query;
  const token = byId("token").value.trim();
  if (token) headers.Authorization = "Bearer " + token;
  const body = form.querySelector("textarea");
  const file = form.querySelector("input[type=file]");
  const options = { method: verb.toUpperCase(), headers };
  if (body) {
    headers["Content-Type"] = "application/json";
    options.body = body.value;
  } else if (file && file.files[0]) {
    headers["Content-Type"] = file.files[0].type || "application/octet-stream";
    options.body = file.files[0];
  }
  return [url, options];
}

function curl(url, options) {
  const parts = ["curl -sS", "-X " + options.method];
  for (const [name, value] of Object.entries(options.headers)) parts.push("-H " + quote(`${name}: ${value}`));
  if (typeof options.body === "string") parts.push("-d " + quote(options.body));
  else if (options.body) parts.push("--data-binary @" + quote(options.body.name));
  return [...parts, quote(location.origin + url)].join(" \\\n  ");
}

async function send(path, verb, form, output) {
  const [url, options] = request(path, verb, form);
  output.replaceChildren(el("p", {}, "…"));
  try {
    if (path === "/v1/events") return await follow(url, options, output);
    const response = await fetch(url, options);
    const text = await response.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: as it is */ }
    const headers = [...response.headers].map(([k, v]) => `${k}: ${v}`).join("\n");
    output.replaceChildren(
      el("p", { className: "status" }, `${response.status} ${response.statusText}`),
      el("pre", {}, headers), el("pre", {}, shown.slice(0, 200000)), el("pre", {}, curl(url, options)));
  } catch (error) {
    output.replaceChildren(el("p", { className: "status" }, String(error)));
  }
}

async function follow(url, options, output) {
  const stop = new AbortController();
  const lines = el("pre", {});
  output.replaceChildren(el("button", { onclick: () => stop.abort() }, "Stop"), lines);
  const response = await fetch(url, { ...options, signal: stop.signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    lines.append(value);
  }
}

function parameters(operation) {
  const rows = (operation.parameters || []).map((p) => {
    const field = el("input", { name: p.name, placeholder: p.required ? "needed" : "" });
    field.dataset.in = p.in;
    return el("tr", {}, el("td", {}, el("code", {}, p.name)), el("td", {}, p.in),
      el("td", {}, field), el("td", {}, p.description || ""));
  });
  if (operation.operationId.startsWith("list_")) {
    const free = el("input", { name: "status" });
    free.dataset.in = "query";
    const name = el("input", { value: "status", oninput: (e) => { free.name = e.target.value; } });
    rows.push(el("tr", {}, el("td", {}, name), el("td", {}, "query"), el("td", {}, free), el("td", {}, "a filter")));
  }
  return el("table", {}, ...rows);
}

function operation(doc, path, verb, op) {
  const head = el("summary", {}, el("span", { className: "verb" }, verb.toUpperCase()),
    el("span", { className: "path" }, path), el("span", { className: "about" }, op.summary || ""));
  const box = el("details", {}, head);
  box.dataset.words = `${verb} ${path} ${op.summary}`.toLowerCase();
  // Forms are made when they are opened: there are many.
  box.addEventListener("toggle", () => {
    if (!box.open || box.children.length > 1) return;
    const form = el("div", {}, el("p", {}, op.description || ""), parameters(op));
    const content = op.requestBody && op.requestBody.content;
    if (content && content["application/json"]) {
      const start = JSON.stringify(sample(doc, content["application/json"].schema, 0), null, 2);
      form.append(el("textarea", { value: start, spellcheck: false }));
    } else if (content) {
      form.append(el("input", { type: "file" }));
    }
    const output = el("div", {});
    form.append(el("p", {}, el("button", { onclick: () => send(path, verb, form, output) }, "Send")));
    const answers = Object.entries(op.responses).map(([status, r]) => {
      const media = Object.values(r.content || {})[0];
      const name = media && media.schema && media.schema.$ref ? ": " + media.schema.$ref.split("/").pop() : "";
      return el("li", {}, `${status} ${r.description}${name}`);
    });
    form.append(el("ul", {}, ...answers), output);
    box.append(form);
  });
  return box;
}

function show(doc) {
  byId("about").textContent = doc.info.description;
  const groups = new Map();
  for (const [path, item] of Object.entries(doc.paths)) {
    for (const verb of verbs.filter((v) => item[v])) {
      const tag = item[verb].tags[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(doc, path, verb, item[verb]));
    }
  }
  const sections = [...groups].map(([tag, boxes]) => el("section", {}, el("h2", {}, tag), ...boxes));
  byId("operations").replaceChildren(...sections);
  const schemas = Object.entries(doc.components.schemas).map(([name, schema]) =>
    el("details", {}, el("summary", {}, name), el("div", {}, el("pre", {}, JSON.stringify(schema, null, 2)))));
  byId("schemas").replaceChildren(...schemas);
}

byId("find").addEventListener("input", (e) => {
  const words = e.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const section of document.querySelectorAll("#operations section")) {
    let any = false;
    for (const box of section.querySelectorAll("details")) {
      box.hidden = !words.every((w) => box.dataset.words.includes(w));
      any = any || !box.hidden;
    }
    section.hidden = !any;
  }
});

byId("token").value = sessionStorage.getItem("token") || "";
byId("token").addEventListener("input", (e) => sessionStorage.setItem("token", e.target.value));
fetch("/openapi.json").then((r) => r.json()).then(show)
  .catch((error) => byId("operations").replaceChildren(el("p", {}, String(error))));
