/** The options of commands that change which versions are current. */

const MAX_REASON = 500;
const MAX_EXTERNAL_ID = 200;

/** Text of people; PostgreSQL cannot store NUL, and arguments cannot hold it. */
const shortText = (most: number) => (text: string) => {
  if (text.trim() !== "" && text.length <= most) return text;
  throw new Error(`write 1 to ${most} characters.`);
};

export const REASON = {
  flags: "--reason <text>",
  text: "why, for the audit",
  parse: shortText(MAX_REASON),
};

export const EXTERNAL_ID = {
  flags: "--external-id <id>",
  text: "what you call this deployment, such as a commit; a second one of the same id changes nothing",
  parse: shortText(MAX_EXTERNAL_ID),
};
