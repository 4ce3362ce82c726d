// @ts-check
/* Elements: making and finding them, showing what the server sends, files and the clipboard. */

/**
 * What Gradio gives to the script of a component.
 * @typedef {{value: {html?: string, data?: string} | null}} Props
 * @typedef {(name: "value", action: () => void) => void} Watch
 */

const dom = (() => {
  /**
   * An element with these properties, `data-` attributes and children; texts stay texts.
   * @template {keyof HTMLElementTagNameMap} Tag
   * @param {Tag} tag
   * @param {Partial<HTMLElementTagNameMap[Tag]> & {data?: Record<string, string>}} properties
   * @param {...(Node | string)} children
   * @returns {HTMLElementTagNameMap[Tag]}
   */
  function make(tag, { data = {}, ...properties } = {}, ...children) {
    const element = document.createElement(tag);
    Object.assign(element, properties);
    Object.assign(element.dataset, data);
    element.append(...children);
    return element;
  }

  /**
   * @param {string} textContent
   * @param {() => void} action
   * @param {Partial<HTMLButtonElement> & {data?: Record<string, string>}} [properties]
   */
  function button(textContent, action, properties = {}) {
    const made = make("button", { type: "button", textContent, ...properties });
    made.addEventListener("click", action);
    return made;
  }

  /**
   * A span marked in a text, as on every tab.
   * @param {string} textContent
   * @param {string} label
   * @param {string} style the class of the label's colour
   * @param {Record<string, string>} [data]
   */
  const mark = (textContent, label, style, data = {}) =>
    make("span", { className: `e ${style}`, textContent, data: { l: label, ...data } });

  /**
   * The first element that fits; an error where there is none of this kind.
   * @template {Element} [Kind=HTMLElement]
   * @param {ParentNode} root
   * @param {string} selector
   * @param {new () => Kind} kind
   * @returns {Kind}
   */
  function find(root, selector, kind = /** @type {any} */ (HTMLElement)) {
    const element = root.querySelector(selector);
    if (element instanceof kind) return element;
    throw new Error(`The page has no ${kind.name} at ${selector}.`);
  }

  /**
   * @param {ParentNode} root
   * @param {string} selector
   * @returns {HTMLElement[]}
   */
  const findAll = (root, selector) =>
    [...root.querySelectorAll(selector)].filter((element) => element instanceof HTMLElement);

  /**
   * The element that an event happened in, or an element around it, that fits.
   * @param {Event} event
   * @param {string} selector
   * @returns {HTMLElement | null}
   */
  function closest(event, selector) {
    const found = event.target instanceof Element ? event.target.closest(selector) : null;
    return found instanceof HTMLElement ? found : null;
  }

  /** Whether there are fingers, not keys: sentences speak of what is there. */
  const touch = matchMedia("(hover: none) and (pointer: coarse)").matches;

  /** Press a button that only the script presses. @param {string} id */
  const press = (id) => find(document, `#${id}`).click();

  /**
   * Show each value that the server gives to an HTML component: its escaped markup at once, its
   * data (JSON, or nothing) by `show`.
   * @param {Element} element
   * @param {Props} props
   * @param {Watch} watch
   * @param {(root: HTMLElement, data: string) => void} show
   */
  function mount(element, props, watch, show) {
    const root = find(element, ".ner");
    const render = () => {
      // A run that a newer one ended says nothing: what is on show stays.
      if (!props.value) return;
      const { html = "", data = "" } = props.value;
      root.innerHTML = html;
      show(root, data);
    };
    watch("value", render);
    render();
  }

  /**
   * Save a file that the page holds.
   * @param {string} name
   * @param {string} content
   */
  function save(name, content) {
    const url = URL.createObjectURL(new Blob([content], { type: "text/plain;charset=utf-8" }));
    make("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  /**
   * Show `content` below a sentence, with a button that copies it and says what that is.
   * @param {HTMLElement} box
   * @param {string} sentence
   * @param {string} [content]
   * @param {string} [kind]
   */
  function output(box, sentence, content, kind) {
    const note = make("p", { textContent: sentence, role: "status" });
    if (content === undefined) return box.replaceChildren(note);
    const field = make("pre", { textContent: content, tabIndex: 0 });
    const copy = button(`Copy ${kind}`, async () => {
      try {
        await navigator.clipboard.writeText(content);
        copy.textContent = "Copied";
      } catch {
        getSelection()?.selectAllChildren(field);
        copy.textContent = "Selected, to be copied by hand";
      }
    });
    box.replaceChildren(note, field, copy);
  }

  /** @param {number} count @param {string} single @param {string} many */
  const countOf = (count, single, many) =>
    `${count.toLocaleString("en")} ${count === 1 ? single : many}`;

  return { make, button, mark, find, findAll, closest, press, mount, save, output, countOf, touch };
})();
