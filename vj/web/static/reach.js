/** How others get here: addresses, the QR code, the link that only shows, and the clean picture. */

import {make} from "./dom.js";
import {button, cleanups} from "./parts.js";

/** The tab "connect". */
export function mount(element, app) {
  const root = make("section.t-tool.t-reach");
  const undo = cleanups();
  element.append(root);
  undo.add(app.connection.on("show", build), () => root.remove());
  build();
  return undo.run;

  function build() {
    const {urls = [], qr = "", osc = "", view = ""} = app.show?.reach ?? {};
    const key = view.split("?")[1] ?? ""; // lets those look who have no PIN
    const base = urls[0] ?? new URL("/", location.href).href;
    const links = make("div.t-cards");
    const code = picture(qr);
    if (code) {
      links.append(
        make(
          "section.t-card.t-code",
          {},
          make("h3", {}, "A phone or tablet"),
          code,
          make(
            "p.t-quiet",
            {},
            "Point its camera here. If it asks for a PIN: vj printed it when it started.",
          ),
        ),
      );
    }
    const rows = urls.map(url => address("this page", url));
    if (!urls.length) {
      rows.push(
        make(
          "p.t-quiet",
          {},
          "Only this machine can open the page. For a phone or a tablet, start vj with ",
          make("code", {}, "--page 0.0.0.0:9080"),
          ".",
        ),
      );
    }
    links.append(
      make(
        "section.t-card",
        {},
        make("h3", {}, "Addresses"),
        ...rows,
        address("only watch, change nothing", new URL(view || "view", base).href),
        address(
          "the picture alone, for a projector",
          new URL(key ? `out?${key}` : "out", base).href,
        ),
        osc ? address("OSC", osc, true) : null,
      ),
    );
    root.replaceChildren(links);
  }
}

function address(what, text, plain = false) {
  const shown = plain
    ? make("code", {}, text)
    : make("a", {href: text, target: "_blank", rel: "noopener"}, text);
  const copy = button(
    "Copy",
    async () => {
      copy.textContent = (await copied(text, shown)) ? "Copied" : "Select it";
      setTimeout(() => {
        copy.textContent = "Copy";
      }, 2000);
    },
    {"aria-label": `copy: ${what}`},
  );
  return make("div.t-address", {}, make("span", {}, make("small", {}, what), shown), copy);
}

/** Browsers give the clipboard to HTTPS and localhost alone; else the text is selected, to be copied by hand. */
async function copied(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const range = document.createRange();
    range.selectNodeContents(shown);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return document.execCommand("copy");
  }
}

/** The QR code's SVG as an element, parsed as a document of its own: a script in it would not run. */
function picture(svg) {
  if (!svg) return null;
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  if (parsed.nodeName !== "svg") return null;
  const code = document.importNode(parsed, true);
  code.querySelectorAll("script").forEach(one => one.remove());
  code.setAttribute("role", "img");
  code.setAttribute("aria-label", "QR code of this page's address");
  return code;
}
