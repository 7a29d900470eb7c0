/** Formats of `strftime` as formats of luxon. */
import { NotCarried } from "../code.ts";
import { tableOf } from "../table_of.ts";

const FIELDS: Readonly<Record<string, string>> = tableOf({
  ...{ Y: "yyyy", y: "yy", m: "MM", "-m": "M", d: "dd", "-d": "d", j: "ooo", H: "HH", M: "mm" },
  ...{ S: "ss", f: "SSS'000'", b: "LLL", B: "LLLL", a: "ccc", A: "cccc", p: "a", I: "hh" },
  ...{ F: "yyyy-MM-dd", T: "HH:mm:ss", z: "ZZZ", s: "X", V: "WW", G: "kkkk", u: "c" },
});

/** @throws NotCarried for a field that luxon does not have */
export function luxonFormat(format: string): string {
  const pieces = format.match(/%-?[a-zA-Z%]|[^%]+/g) ?? [];
  return pieces.map((piece) => (piece.startsWith("%") ? fieldOf(piece) : fixed(piece))).join("");
}

function fieldOf(piece: string): string {
  if (piece === "%%") return "%";
  const field = FIELDS[piece.slice(1)];
  if (field === undefined) throw new NotCarried(`the date format ${piece} has no counterpart`);
  return field;
}

/** Letters would be read as fields. */
function fixed(text: string): string {
  return text.replace(/[A-Za-z]+/g, (letters) => `'${letters}'`);
}
