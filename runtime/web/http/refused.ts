/**
 * A refusal with its HTTP status; the message is shown. A brief one is answered with its
 * message alone: one that comes by the hundred must not cost a page each.
 */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;
  readonly isBrief: boolean;

  constructor(status: number, message: string, { isBrief = false } = {}) {
    super(message);
    this.status = status;
    this.isBrief = isBrief;
  }
}
