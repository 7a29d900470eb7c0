/**
 * The log of a service: one JSON object a line for programs, or one line for people on a
 * terminal. Both go to stdout.
 */
import { pino } from "pino";
import { errorMessage } from "../../../sdk/error_message.ts";
import { EVENTS, type EventName, type Level } from "../../service/events.ts";
import type { EventDetail, ServiceLog } from "../../service/log.ts";
import type { Cli } from "../command.ts";
import { type Style, safeText } from "./terminal.ts";

const RANK: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

interface OpenLog {
  readonly log: ServiceLog;
  /** Its remarks are lines of the log, where a program reads. */
  readonly cli: Cli;
}

/**
 * @param service the name of the process, in every JSON line
 * @param mask hides the secrets that are known when a line is written
 */
export function openServiceLog(cli: Cli, service: string, mask: (text: string) => string): OpenLog {
  const { logs } = cli.config;
  const isText = logs.format === null ? cli.terminal.isInteractive : logs.format === "text";
  // With --json, stdout is the one document of the command.
  if (cli.json) return { log: () => undefined, cli };
  const write = isText ? textWriter(cli) : jsonWriter(cli, service);
  const log: ServiceLog = (event, detail = {}) => {
    if (RANK[EVENTS[event].level] >= RANK[logs.level]) write(event, masked(detail, mask));
  };
  if (isText) return { log, cli };
  return { log, cli: { ...cli, say: (text) => log("notice", { text }) } };
}

type Writer = (event: EventName, detail: EventDetail) => void;

/** `{"level":"info","time":"…","service":"worker","event":"try_ended","dag":"sales",…}` */
function jsonWriter({ terminal }: Cli, service: string): Writer {
  const logger = pino(
    {
      base: { service },
      level: "debug",
      serializers: { error: pino.stdSerializers.err },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write: (line) => terminal.out(line.trimEnd()) },
  );
  return (event, detail) => logger[EVENTS[event].level]({ event, ...detail });
}

/** `12:00:01 worker lost worker=a reason=…` */
function textWriter({ say, terminal: { style } }: Cli): Writer {
  return (event, detail) => {
    const time = style.dim(new Date().toISOString().slice(11, 19));
    const words = Object.entries(detail).map(([key, value]) => `${key}=${wordOf(value)}`);
    const line = safeText([event.replaceAll("_", " "), ...words].join(" "));
    say(`${time} ${painted(style, EVENTS[event].level, line)}`);
  };
}

function painted(style: Style, level: Level, line: string): string {
  if (level === "error") return style.red(line);
  return level === "warn" ? style.yellow(line) : line;
}

function wordOf(value: unknown): string {
  if (typeof value === "string") return value;
  return value instanceof Error ? value.message : JSON.stringify(value);
}

/** Details of events are plain values, lists and objects of them, and errors. */
function masked(detail: EventDetail, mask: (text: string) => string): EventDetail {
  return Object.fromEntries(
    Object.entries(detail).map(([key, value]) => [key, maskedValue(value, mask)]),
  );
}

function isPlain(value: unknown): value is EventDetail {
  return (
    value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype
  );
}

function maskedValue(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) return value.map((one) => maskedValue(one, mask));
  if (isPlain(value)) return masked(value, mask);
  if (!(value instanceof Error)) return value;
  const hidden = new Error(mask(errorMessage(value)));
  hidden.stack = mask(value.stack ?? "");
  return hidden;
}
