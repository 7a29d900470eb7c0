/**
 * Keys that stand twice in an object, anywhere within a JSON text: jsonb keeps the last
 * one only. Pure.
 */
import { countOfKeys, itemsOf, membersOf } from "./json_text.ts";

/** False for a text that is not JSON: PostgreSQL refuses it. */
export function losesKeys(text: string): boolean {
  return countOfKeys(text) > countOfKeys(asKept(text)) && hasDoubledKeys(text);
}

/** The text with the last of each key. */
function asKept(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

function hasDoubledKeys(whole: string): boolean {
  const left = [whole];
  for (let text = left.pop()?.trim(); text !== undefined; text = left.pop()?.trim()) {
    if (text.startsWith("[")) left.push(...itemsOf(text));
    if (!text.startsWith("{")) continue;
    const members = membersOf(text);
    if (new Set(members.map(([key]) => key)).size < members.length) return true;
    left.push(...members.map(([, value]) => value));
  }
  return false;
}
