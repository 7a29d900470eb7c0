/**
 * Masks secrets in text. Each secret is masked in the forms in which it usually leaks: as
 * it is, URL-encoded, base64 at any offset, hex, escaped in JSON, quoted for a shell or
 * for SQL. Secrets of several lines are also masked line by line. One combined pattern is
 * compiled again only when a new secret arrives. The password in a URL is masked although
 * nothing else names it.
 */
import { stripVTControlCharacters } from "node:util";

export interface Masker {
  /**
   * Registers secrets. Values shorter than {@link MIN_SECRET_LENGTH} are ignored: masking
   * them would hide ordinary words.
   */
  add(values: readonly string[]): void;
  /** The text with `***` in place of every secret. */
  mask(text: string): string;
}

/** The shortest value, in characters, that is masked. */
export const MIN_SECRET_LENGTH = 5;
export const MASK = "***";

export function createMasker(): Masker {
  const known = new Set<string>();
  const forms = new Set<string>();
  let pattern: RegExp | null = null;
  return {
    add(values) {
      for (const value of values) {
        if (known.has(value)) continue;
        known.add(value);
        for (const form of formsOf(value)) forms.add(form);
        pattern = null;
      }
    },
    mask(text) {
      if (forms.size > 0) pattern ??= patternOf(forms);
      return maskedThroughout(text, pattern);
    },
  };
}

/** Also a secret with a colour code inside: then the codes go, and the rest is masked. */
function maskedThroughout(text: string, pattern: RegExp | null): string {
  const masked = maskedPlain(text, pattern);
  const plain = stripVTControlCharacters(masked);
  if (plain === masked) return masked;
  const maskedAgain = maskedPlain(plain, pattern);
  return maskedAgain === plain ? masked : maskedAgain;
}

function maskedPlain(text: string, pattern: RegExp | null): string {
  const masked = pattern === null ? text : replaceAll(text, pattern);
  return masked.includes("://") ? masked.replace(PASSWORD_IN_URL, `$1${MASK}`) : masked;
}

/**
 * What stands between the name and the host of a URL. Bounded, so that no text is slow.
 */
const PASSWORD_IN_URL = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:@/?#]{0,256}:)[^\s@/]{1,1024}(?=@)/gi;

/** Every form of a secret that reveals it. */
function formsOf(secret: string): readonly string[] {
  const parts = [secret, secret.trim(), ...secret.split(/\r?\n/).map((line) => line.trim())];
  return [...new Set(parts)].filter(isLongEnough).flatMap(encodings).filter(isLongEnough);
}

function isLongEnough(text: string): boolean {
  return text.length >= MIN_SECRET_LENGTH;
}

function encodings(text: string): readonly string[] {
  // Lone surrogates have no URL encoding; the replacement character leaks in their place.
  const url = encodeURIComponent(text.toWellFormed());
  const json = escapedInJson(text);
  const quoted = quotings(text);
  const bytes = Buffer.from(text, "utf8");
  const inBase64 = [0, 1, 2].map((offset) => base64Core(bytes, offset));
  return [
    text,
    url,
    new URLSearchParams({ "": text }).toString().slice(1),
    url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    strictUrl(url),
    json,
    json.replaceAll("/", "\\/"),
    escapedInJson(json),
    ...quoted,
    ...quoted.map(escapedInJson),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    ...inBase64,
    ...inBase64.map((code) => code.replaceAll("+", "-").replaceAll("/", "_")),
  ];
}

function escapedInJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Within single quotes of a shell, within its double quotes, and in a text of SQL. */
function quotings(text: string): readonly string[] {
  return [
    text.replaceAll("'", "'\\''"),
    text.replaceAll(/[\\"$`]/g, "\\$&"),
    text.replaceAll("'", "''"),
  ];
}

/** RFC 3986: also encodes the five characters that encodeURIComponent does not. */
function strictUrl(url: string): string {
  return url.replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * The characters that these bytes have in base64 when `offset` other bytes come before
 * them in their group of three, as in `user:password`. Characters that also depend on
 * neighbouring bytes are left out.
 */
function base64Core(bytes: Buffer, offset: number): string {
  const code = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
  const shared = (offset + bytes.length) % 3 === 0 ? 0 : 1;
  const padding = code.length - code.replace(/=+$/, "").length;
  return code.slice(offset === 0 ? 0 : offset + 1, code.length - padding - shared);
}

/** Longest first, so that the longest secret at a position matches. */
function patternOf(forms: ReadonlySet<string>): RegExp {
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return new RegExp(
    longestFirst.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"),
    "g",
  );
}

/**
 * Matches that overlap are replaced together; otherwise the tail of the second match
 * would stay.
 */
function replaceAll(text: string, pattern: RegExp): string {
  let masked = "";
  let done = 0;
  let open: { start: number; end: number } | null = null;
  const close = (): void => {
    if (open) masked += text.slice(done, open.start) + MASK;
    done = open?.end ?? done;
  };
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const end = match.index + match[0].length;
    if (open && match.index <= open.end) open.end = Math.max(open.end, end);
    else {
      close();
      open = { start: match.index, end };
    }
    pattern.lastIndex = match.index + 1;
  }
  close();
  return masked + text.slice(done);
}
