// @ts-check
/* Files that the page writes itself. */

const download = (() => {
  /** @type {Record<string, string>} */
  const TYPES = {
    json: "application/json",
    csv: "text/csv",
    md: "text/markdown",
    html: "text/html",
  };

  /** @param {string} name @param {string} content */
  function save(name, content) {
    const type = TYPES[name.split(".").pop() || ""] || "text/plain";
    const url = URL.createObjectURL(new Blob([content], { type: `${type};charset=utf-8` }));
    dom.make("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  return { save };
})();
