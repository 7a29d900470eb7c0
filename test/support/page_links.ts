/** The links and forms of a page, as a reader can follow and send them. */

/** A form, with the values that it has before anything is typed. */
export interface PageForm {
  readonly method: "get" | "post";
  readonly action: string;
  readonly fields: URLSearchParams;
}

export function linksIn(html: string): readonly string[] {
  return [...html.matchAll(/<a\b[^>]*?\bhref="([^"]*)"/g)].map(([, href = ""]) => plain(href));
}

export function formsIn(html: string): readonly PageForm[] {
  return [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, head = "", body = ""]) => ({
    method: attribute(head, "method") === "post" ? "post" : "get",
    action: attribute(head, "action") ?? "",
    fields: fieldsIn(body),
  }));
}

function fieldsIn(html: string): URLSearchParams {
  const fields = new URLSearchParams();
  for (const [, kind, head = "", body = ""] of html.matchAll(
    /<(input|button|textarea|select)\b([^>]*)>(?:(.*?)<\/\1>)?/gs,
  )) {
    const name = attribute(head, "name");
    if (name === null || attribute(head, "type") === "checkbox") continue;
    const chosen = /<option\b[^>]*?\bvalue="([^"]*)"/.exec(body)?.[1] ?? "";
    const value = kind === "select" ? chosen : (attribute(head, "value") ?? "");
    if (!fields.has(name) || name === "dag" || name === "run") fields.append(name, plain(value));
  }
  return fields;
}

function attribute(head: string, name: string): string | null {
  const found = new RegExp(`\\b${name}="([^"]*)"`).exec(head)?.[1];
  return found === undefined ? null : plain(found);
}

function plain(text: string): string {
  return text
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
