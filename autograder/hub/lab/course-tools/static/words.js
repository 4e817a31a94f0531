// Pieces of pages: text, lists, links. What others wrote is only ever text.

// An element with a class and children: nodes, or strings in which `code` stands in backticks.
export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  for (const child of children) made.append(...(typeof child === "string" ? spans(child) : [child]));
  return made;
}

export function list(lines, kind) {
  return element("ul", `course-list ${kind ? `course-${kind}` : ""}`, ...lines.map((line) => element("li", "", line)));
}

export function link(address, text) {
  const made = element("a", "course-link", text);
  Object.assign(made, { href: address, target: "_blank", rel: "noopener" });
  return made;
}

// A moment as people write it, in the zone of this computer.
export function moment(text) {
  const day = { day: "numeric", month: "long", year: "numeric" };
  const about = { ...day, hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  return new Intl.DateTimeFormat("en-GB", about).format(new Date(text));
}

function spans(text) {
  return text.split(/`([^`\n]{1,200})`/).map((part, index) => (index % 2 ? element("code", "", document.createTextNode(part)) : document.createTextNode(part)));
}
