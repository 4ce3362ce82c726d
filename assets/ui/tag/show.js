// @ts-check
/* Tab 'Tag': a result arrives, and its names are walked by keyboard, button or pointer. */

/**
 * @typedef {[number, number, string]} Span start, end, label; code points, half open
 * @typedef {{
 *   text: string, told: string[][], classes: Record<string, string>,
 *   settings: {
 *     left: string, right: string | null, device: string, aggregation: string, reading: string,
 *     threshold: number,
 *     without: string[],
 *   },
 *   sides: {name: string, title: string, entities: Span[]}[],
 * }} TagData `told` has a line for each side of each pair
 */

const tagShow = (() => {
  // Characters over the limit that are shown, so that a reader sees where tagging ended.
  const REST_SHOWN = 2000;
  /** @type {TagData | null} */
  let data = null;
  /** Markup of the times, for the next result of the same text. */
  let times = "";
  let hint = "";
  /** What the header says before there is a result. */
  let intro = "";

  const root = () => dom.find(document, "#result .ner");
  const marks = () => dom.findAll(root(), ".e");
  const differing = () => marks().filter((mark) => mark.classList.contains("differs"));

  function shown() {
    if (data) return data;
    throw new Error("There is no result on show.");
  }

  /** @param {Element} element @param {Props} props @param {Watch} watch */
  function mount(element, props, watch) {
    let focused = "";
    element.addEventListener("focusin", (event) => {
      const pressed = dom.closest(event, "[data-label], [data-do]");
      focused = pressed ? pressed.dataset.label || pressed.dataset.do || "" : "";
    });
    dom.mount(element, props, watch, (_, json) => {
      data = json ? JSON.parse(json) : null;
      const header = dom.find(document, "#heading p");
      intro ||= header.innerHTML;
      if (data) return open(focused);
      // What it says is of the result before.
      header.innerHTML = intro;
    });
  }

  /** @param {string} focused what had the focus in the result before */
  function open(focused) {
    place(root());
    // Those of another text go at once; they are kept in case that text comes back.
    if (tagAsk.timesFit()) place(dom.make("div", { innerHTML: times }));
    else clearTimes();
    hint = dom.find(root(), "[data-part=detail]").innerHTML;
    showRest();
    showView();
    toggleMore(dom.find(document, "#more").classList.contains("open"));
    for (const result of ["#tables-result", "#probe-result"]) {
      dom.find(document, result).classList.add("old");
    }
    const same = `[data-label="${CSS.escape(focused)}"], [data-do="${CSS.escape(focused)}"]`;
    if (focused && document.activeElement === document.body) {
      dom.findAll(root(), same)[0]?.focus({ preventScroll: true });
    }
  }

  /** Parts of an answer that belong elsewhere on the page go there. @param {HTMLElement} from */
  function place(from) {
    for (const part of dom.findAll(from, "[data-to]")) {
      const target = document.querySelector(`[data-part="${part.dataset.to}"]`);
      target?.replaceChildren(...part.childNodes);
      part.remove();
    }
  }

  /** A text over the limit is tagged up to the limit; the rest is marked. */
  function showRest() {
    const letters = [...tagAsk.box().value];
    const rest = letters.slice(tagAsk.limit());
    if (!rest.length) return;
    const more = rest.length > REST_SHOWN ? " …" : "";
    const textContent = rest.slice(0, REST_SHOWN).join("") + more;
    for (const text of dom.findAll(root(), ".panel .text")) {
      text.append(dom.make("span", { className: "untagged", textContent }));
    }
    const count = dom.countOf(rest.length, "character", "characters");
    const said = `Tagged up to ${tagAsk.limit().toLocaleString("en")} characters; the last ${count} are not tagged.`;
    root().prepend(dom.make("p", { className: "notice", role: "status", textContent: said }));
  }

  /** @param {Element} element @param {Props} props @param {Watch} watch */
  function mountTimes(element, props, watch) {
    dom.mount(element, props, watch, (holder, json) => {
      const ticket = json && JSON.parse(json).ticket;
      if (!ticket || !data || !tagAsk.isTimed(ticket)) return holder.replaceChildren();
      times = holder.innerHTML;
      place(holder);
    });
  }

  function forgetTimes() {
    times = "";
    clearTimes();
  }

  function clearTimes() {
    for (const part of dom.findAll(document, "[data-part=pace], [data-part=steps]")) {
      part.replaceChildren();
    }
  }

  /** An old answer fades, and can't be shared, saved or edited. @param {boolean} old */
  function markOld(old) {
    root().toggleAttribute("inert", old);
    if (old) root().setAttribute("aria-busy", "true");
    else root().removeAttribute("aria-busy");
  }

  /** A sentence in the result's place. @param {string} textContent */
  function say(textContent) {
    data = null;
    const className = "notice problem";
    root().replaceChildren(dom.make("p", { className, role: "alert", textContent }));
    markOld(false);
  }

  // ---- Walking ----

  /** @param {HTMLElement} mark */
  const pairsOf = (mark) => (mark.dataset.p || "").split(" ").map(Number);

  /** What each side says of a mark's pairs, below the text. @param {HTMLElement} mark */
  function tell(mark) {
    const lines = pairsOf(mark).flatMap((pair) =>
      shown().told[pair].map((line, at) => {
        const letter = dom.make("span", { className: `side ${"ab"[at]}` }, "AB"[at]);
        return dom.make("p", {}, letter, line);
      }),
    );
    dom.find(root(), "[data-part=detail]").replaceChildren(...lines);
  }

  /** One mark of each text is in the tab order; which one moves. @param {HTMLElement | undefined} mark */
  function focus(mark) {
    if (!mark) return;
    const text = mark.closest(".text");
    for (const other of text?.querySelectorAll('.e[tabindex="0"]') || []) {
      other.setAttribute("tabindex", "-1");
    }
    mark.tabIndex = 0;
    mark.focus({ preventScroll: true });
    mark.scrollIntoView({ block: "nearest" });
    const different = differing();
    const at = different.indexOf(mark);
    const place = root().querySelector("[data-part=place]");
    if (place && at >= 0) place.textContent = `${at + 1} of ${different.length}`;
  }

  /** @param {HTMLElement} mark @param {1 | -1} by */
  function step(mark, by) {
    const own = dom.findAll(/** @type {Element} */ (mark.closest(".text")), ".e");
    focus(own[own.indexOf(mark) + by]);
  }

  /** Side by side: to the same name of the other side, or the next one there. @param {HTMLElement} mark */
  function cross(mark) {
    const panel = mark.closest(".panel");
    const others = marks().filter((other) => other.closest(".panel") !== panel);
    const [pair] = pairsOf(mark);
    focus(others.find((other) => pairsOf(other)[0] >= pair) || others.at(-1));
  }

  /** To the next difference, around the end. @param {1 | -1} by */
  function jump(by) {
    const different = differing();
    const here = document.activeElement;
    const at = here ? different.indexOf(/** @type {HTMLElement} */ (here)) : -1;
    const all = marks();
    const after = different.findIndex(
      (mark) => all.indexOf(mark) > all.indexOf(/** @type {HTMLElement} */ (here)),
    );
    const last = dom.findAll(root(), '.differs[tabindex="0"]')[0];
    const from = at >= 0 ? at : last ? different.indexOf(last) : by > 0 ? after - 1 : 0;
    const count = different.length;
    if (count) focus(different[(((from + by) % count) + count) % count]);
  }

  /** @type {Record<string, (mark: HTMLElement) => void>} */
  const KEYS = {
    ArrowRight: (mark) => step(mark, 1),
    ArrowLeft: (mark) => step(mark, -1),
    ArrowDown: cross,
    ArrowUp: cross,
    Home: () => focus(marks()[0]),
    End: () => focus(marks().at(-1)),
    n: () => jump(1),
    p: () => jump(-1),
  };

  // ---- What is pressed ----

  /** @param {boolean} open */
  function toggleMore(open) {
    dom.find(document, "#more").classList.toggle("open", open);
    for (const button of dom.findAll(root(), "[data-do=more]")) button.ariaExpanded = String(open);
  }

  /** All names in one text, only those that differ, or a text for each side. @param {string} view */
  function look(view) {
    const asks = [view, tagAsk.state.view].includes("split");
    tagAsk.state.view = view;
    showView();
    if (asks) tagAsk.ask(true);
  }

  /** Names on which both agree lose their marks where only differences are asked for. */
  function showView() {
    const { view } = tagAsk.state;
    root().classList.toggle("only-different", view === "only");
    for (const button of dom.findAll(root(), ".segments button")) {
      button.ariaPressed = String(button.dataset.do === view);
    }
  }

  async function copy() {
    await navigator.clipboard?.writeText(shown().text);
    const said = "The text is on the clipboard, as it was put in.";
    dom.output(dom.find(root(), "[data-part=out]"), said);
  }

  /** @type {Record<string, (button: HTMLElement) => void>} */
  const ACTIONS = {
    next: () => jump(1),
    previous: () => jump(-1),
    merged: () => look("merged"),
    only: () => look("only"),
    split: () => look("split"),
    more: (button) => toggleMore(button.ariaExpanded !== "true"),
    copy,
    share: () => tagShare.share(),
    edit: () => editMode.begin(shown()),
    decide: () => {
      tabs.open("decide");
      decideTab.take(shown().text);
    },
  };

  /** What was asked for under 'More' may come out of view. @type {HTMLElement | null} */
  let asked = null;
  const arrival = new MutationObserver(() => asked?.scrollIntoView({ block: "nearest" }));

  document.addEventListener("click", (event) => {
    const mark = dom.closest(event, "#result .e");
    if (mark) focus(mark);
    const pressed = dom.closest(event, "#result [data-do]");
    if (pressed && data) ACTIONS[pressed.dataset.do || ""]?.(pressed);
    const extra = dom.closest(event, "#more [data-press], #more [data-save], #more [data-do]");
    if (!extra) return;
    const { press, save } = extra.dataset;
    if (save && data) tagAsk.save(save);
    if (press && data) {
      asked = dom.find(document, `#${press}-result`);
      asked.classList.remove("old");
      arrival.disconnect();
      arrival.observe(asked, { childList: true, subtree: true });
      dom.press(press);
    }
    if (extra.dataset.do === "clear") {
      tagAsk.box().value = "";
      tagAsk.box().dispatchEvent(new Event("input", { bubbles: true }));
      tagAsk.box().focus();
    }
  });

  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement)) return;
    if (!target.matches("#result [data-label]")) return;
    const label = target.dataset.label || "";
    if (target.checked) tagAsk.state.without.delete(label);
    else tagAsk.state.without.add(label);
    tagAsk.ask(true);
  });

  document.addEventListener("keydown", (event) => {
    const mark = dom.closest(event, "#result .e");
    // Letters act only while a name has the focus, so that they never surprise anyone.
    if (!mark || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key](mark);
  });

  for (const kind of /** @type {const} */ (["focusin", "mouseover"])) {
    document.addEventListener(kind, (event) => {
      const mark = data && dom.closest(event, "#result .e");
      if (mark) tell(mark);
    });
  }
  document.addEventListener("mouseout", (event) => {
    if (!data || !dom.closest(event, "#result .e")) return;
    const here = document.activeElement;
    if (here instanceof HTMLElement && here.matches("#result .e")) tell(here);
    else dom.find(root(), "[data-part=detail]").innerHTML = hint;
  });

  const isShown = () => data !== null;

  return { mount, mountTimes, forgetTimes, markOld, say, isShown, data: shown };
})();
