/* Tab 'Evaluate': a number opens the sentences behind it; filters, and files to save.
 *
 * A result comes as {html, data} like that of tab 'Tag'. In `data` a decision is
 * [sentence, gold, found, error, changed], and a side of it [start, end, label, buckets] or null;
 * offsets are code points. Texts and labels reach the page through textContent only.
 */
"use strict";

const evaluation = (() => {
  const AT_ONCE = 25; // Sentences that are opened at once, and more on request.
  const GOLD = "Gold";
  let root = null;
  let data = null;

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  function mount(element, props, watch) {
    root = element.querySelector(".ner");
    const show = () => {
      const value = props.value || { html: "", data: "" };
      root.innerHTML = value.html;
      root.removeAttribute("aria-busy");
      data = value.data ? JSON.parse(value.data) : null;
      if (data && data.kind === "lines") fillLines();
    };
    watch("value", show);
    show();
  }

  const busy = () => root && root.setAttribute("aria-busy", "true");
  const done = () => root && root.removeAttribute("aria-busy");

  // ---- The decisions behind a number --------------------------------------------------------

  const matchesSide = (wanted, side) =>
    wanted === "*" ? side !== null : wanted === "O" ? side === null : side !== null && side[2] === wanted;

  function matches(query, [, gold, found, error, changed]) {
    if (query.gold !== undefined && !matchesSide(query.gold, gold)) return false;
    if (query.found !== undefined && !matchesSide(query.found, found)) return false;
    if (query.label !== undefined && !matchesSide(query.label, gold) && !matchesSide(query.label, found)) return false;
    if (query.error === "wrong" && error === null) return false;
    if (query.error && query.error !== "wrong" && error !== query.error) return false;
    if (query.changed && !changed) return false;
    if (query.bucket === undefined) return true;
    const inBucket = (side) => side !== null && side[3].includes(query.bucket);
    if (query.found !== undefined) return inBucket(found);
    if (query.gold !== undefined) return inBucket(gold);
    return inBucket(gold) || inBucket(found);
  }

  const sideNamed = (name) => data.sides.find((one) => one.side === name);

  function open(button) {
    const was = button.getAttribute("aria-expanded") === "true";
    close();
    if (was) return;
    button.setAttribute("aria-expanded", "true");
    const query = JSON.parse(button.dataset.open);
    const found = sideNamed(query.side).decisions.filter((one) => matches(query, one));
    const bySentence = new Map();
    for (const one of found) bySentence.set(one[0], [...(bySentence.get(one[0]) || []), one]);
    const title = make("h3", {
      textContent: `${button.getAttribute("aria-label")}: ${count(found.length, "entity", "entities")} in ${count(bySentence.size, "sentence", "sentences")}`,
      tabIndex: -1,
    });
    const list = make("ol", { className: "sentences" });
    const more = make("button", { type: "button" });
    const rest = [...bySentence];
    const showMore = () => {
      for (const [sentence, behind] of rest.splice(0, AT_ONCE)) list.append(sentenceItem(sentence, behind));
      more.hidden = !rest.length;
      more.textContent = `Show ${Math.min(AT_ONCE, rest.length)} more of ${rest.length}`;
    };
    more.addEventListener("click", showMore);
    showMore();
    const shut = make("button", { type: "button", textContent: "Close" });
    shut.addEventListener("click", () => {
      close();
      button.focus();
    });
    const bar = make("div", { className: "bar-of-behind" }, title, shut);
    const behind = make("div", { className: "behind" }, bar, list, more);
    button.closest("section").append(behind);
    title.focus();
    behind.scrollIntoView({ block: "nearest" });
  }

  const count = (number, one, many) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

  function close() {
    for (const one of root.querySelectorAll(".behind")) one.remove();
    for (const one of root.querySelectorAll('[aria-expanded="true"]')) one.setAttribute("aria-expanded", "false");
  }

  /* One sentence: gold and each side, those that are alike on one line. */
  function sentenceItem(sentence, behind) {
    const versions = new Map();
    for (const [name, spans] of versionsOf(sentence)) {
      const key = JSON.stringify(spans);
      if (!versions.has(key)) versions.set(key, { names: [], spans });
      versions.get(key).names.push(name);
    }
    const chosen = new Set(behind.flatMap(([, gold, found]) => [gold, found].filter(Boolean).map(keyOf)));
    const item = make("li", { value: sentence + 1 });
    for (const { names, spans } of versions.values()) {
      const text = make("span", { className: "text", dir: "auto" }, ...marked(data.sentences[sentence], spans, chosen));
      item.append(make("div", {}, make("b", { textContent: names.join(", ") }), text));
    }
    return item;
  }

  const keyOf = (span) => `${span[0]} ${span[1]} ${span[2]}`;

  function versionsOf(sentence) {
    const spans = (decisions, at) =>
      decisions
        .filter((one) => one[0] === sentence && one[at])
        .map((one) => one[at].slice(0, 3))
        .sort((one, other) => one[0] - other[0]);
    return [
      [GOLD, spans(data.sides[0].decisions, 1)],
      ...data.sides.map((side) => [side.name, spans(side.decisions, 2)]),
    ];
  }

  /* A text as nodes, its spans marked; those in `chosen` stand out. */
  function marked(text, spans, chosen) {
    const characters = [...text];
    const nodes = [];
    let position = 0;
    const plain = (end) => {
      if (end > position) nodes.push(characters.slice(position, end).join(""));
      position = end;
    };
    for (const span of spans) {
      plain(span[0]);
      const mark = make("span", {
        className: `mark ${data.classes[span[2]] || ""}${chosen.has(keyOf(span)) ? " chosen" : ""}`,
        textContent: characters.slice(span[0], span[1]).join(""),
      });
      mark.dataset.l = span[2];
      nodes.push(mark);
      position = span[1];
    }
    plain(characters.length);
    return nodes;
  }

  // ---- Lines without gold -------------------------------------------------------------------

  const KINDS = {
    same: "same",
    boundary: "boundary differs",
    label: "label differs",
    only_original: "only original",
    only_int8: "only INT8",
  };

  function fillLines() {
    const value = (name) => root.querySelector(`[data-filter=${name}]`).value;
    const kind = value("kind");
    const label = value("label");
    const rows = data.rows.filter(
      ([, one, original, int8]) =>
        (kind === "" || (kind === "different" ? one !== "same" : one === kind)) &&
        (label === "" || [original, int8].some((side) => side && side[2] === label)),
    );
    const body = root.querySelector("[data-part=line-rows]");
    const more = root.querySelector("[data-part=more-lines]");
    if (more) more.remove();
    body.replaceChildren();
    root.querySelector("[data-part=count]").textContent = count(rows.length, "entity", "entities");
    const rest = [...rows];
    const button = make("button", { type: "button" });
    button.dataset.part = "more-lines";
    const showMore = () => {
      for (const row of rest.splice(0, 8 * AT_ONCE)) body.append(lineRow(row));
      button.hidden = !rest.length;
      button.textContent = `Show more of ${rest.length}`;
    };
    button.addEventListener("click", showMore);
    body.closest("section").append(button);
    showMore();
  }

  function lineRow([line, kind, original, int8, drift, fragile]) {
    const characters = [...data.sentences[line]];
    const cell = (content, className = "") => make("td", { className }, ...[content].flat());
    const side = (one) => {
      if (!one) return cell("–");
      const spelled = characters.slice(one[0], one[1]).join("");
      const mark = make("span", { className: `mark ${data.classes[one[2]] || ""}`, textContent: spelled });
      mark.dataset.l = one[2];
      return cell(mark, "spelled");
    };
    const score = (one) => cell(one ? one[3].toFixed(3) : "–", "number");
    const written = drift === null ? "–" : (drift < 0 ? "−" : "+") + Math.abs(drift).toFixed(3);
    const status = KINDS[kind] + (fragile ? ", fragile" : "");
    const row = make("tr", { className: kind === "same" ? "" : "differs", title: data.sentences[line] });
    row.append(
      cell(String(line + 1), "number"),
      side(original),
      side(int8),
      score(original),
      score(int8),
      cell(written, "number"),
      cell(status),
    );
    return row;
  }

  // ---- Files and events ---------------------------------------------------------------------

  const TYPES = { json: "application/json", csv: "text/csv", md: "text/markdown" };

  function save(name, content) {
    const type = TYPES[name.split(".").pop()] || "text/plain";
    const url = URL.createObjectURL(new Blob([content], { type: `${type};charset=utf-8` }));
    make("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  document.addEventListener("click", (event) => {
    if (!root || !root.contains(event.target)) return;
    const target = event.target.closest("[data-open], [data-file]");
    if (!target) return;
    if (target.dataset.open) open(target);
    else save(target.dataset.file, data.files[target.dataset.file]);
  });
  document.addEventListener("change", (event) => {
    if (root && root.contains(event.target) && event.target.matches("[data-filter]")) fillLines();
  });

  return { mount, busy, done, save };
})();
