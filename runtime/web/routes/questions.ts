/** The inbox of open questions, and the answers to them. */
import type { Request, Response } from "express";
import { h } from "preact";
import { isDagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import { problemsOf } from "../../actions/index.ts";
import { needs, visibleTags } from "../http/access.ts";
import { answerOfCaller, mayAnswerHere } from "../http/answering.ts";
import { actionsOfForm, sessionToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { formBody } from "../http/input/fields.ts";
import { answerForm, answerParams, inboxQuery } from "../http/input/questions.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { markOf } from "../live/topics.ts";
import { sentParams } from "../params/sent_params.ts";
import { shownQuestion } from "../read/question_form.ts";
import {
  QUESTIONS_PER_PAGE,
  type QuestionRow,
  readOpenQuestions,
  readQuestion,
} from "../read/read_questions.ts";
import { QuestionForm } from "../views/params/question_form.tsx";
import { Inbox, type InboxQuestion } from "../views/questions/inbox.tsx";
import { readForm, type Sent, shownError } from "./form.ts";
import { type Problems, paramProblems } from "./param_form.ts";
import { sendPage } from "./send_page.ts";

export function questionRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/inbox", needs("dag.read", "listed"), (request, response) =>
    inbox(services, request, response),
  );
  routes.post(
    "/runs/:id/tasks/:taskId/answer",
    needs("question.answer", "run"),
    readForm,
    (request, response) => answer(services, request, response),
  );
  return routes;
}

async function inbox(services: WebServices, request: Request, response: Response): Promise<void> {
  const { after } = checked(inboxQuery, request.query);
  const mark = await markOf(services.reader, "inbox");
  const query = { after, limit: QUESTIONS_PER_PAGE, visible: visibleTags(request) };
  const { questions, next } = await readOpenQuestions(services, query);
  const shown = questions.map((row) => inInbox(services, request, row));
  const more = next === null ? null : `/inbox?after=${next}`;
  const body = h(Inbox, { questions: shown, next: more });
  await sendPage(services, request, response, {
    title: "Inbox",
    live: { topic: "inbox", mark },
    body,
  });
}

function inInbox({ actions }: WebServices, request: Request, row: QuestionRow): InboxQuestion {
  const { dagId, runId, askedAt, tags } = row;
  const mayAnswer = actions !== undefined && mayAnswerHere(request, row, tags);
  const token = mayAnswer ? sessionToken(request) : undefined;
  const blank = { sent: {}, problems: {}, error: null, back: "inbox" } as const;
  return { ...shownQuestion(row), ...{ dagId, runId, askedAt, token }, ...blank };
}

/** Errors about the typed values; the form shows them. */
const SHOWN: readonly string[] = ["INVALID_ANSWER", "SCHEMA_TOO_SLOW", "SCHEMA_UNUSABLE"];

async function answer(services: WebServices, request: Request, response: Response): Promise<void> {
  const actions = actionsOfForm(services, request);
  const which = checked(answerParams, request.params);
  const sent = checked(formBody, request.body);
  const { mapIndex, option, back } = checked(answerForm, sent);
  const row = await readQuestion(services, { ...which, mapIndex }, false);
  const shown = row && shownQuestion(row);
  const { params, problems } = sentParams(shown?.fields ?? [], sent);
  const refuse = (found: Problems, error: string | null): Promise<void> =>
    refused(services, request, response, row, { sent, problems: found, error, back });
  if (Object.keys(problems).length > 0) return refuse(problems, null);
  const value = answerFrom(row, option, params);
  try {
    await actions.answerQuestion(
      services.db,
      answerOfCaller(request, { ...which, mapIndex }, value),
    );
    response.redirect(303, back === "inbox" ? "/inbox" : addressOf({ ...which, mapIndex }));
  } catch (error) {
    if (!isDagsmithError(error) || !SHOWN.includes(error.code)) throw error;
    const isAtFields = problemsOf(error).length > 0;
    const text = isAtFields ? null : shownError(services, error, []);
    await refuse(paramProblems(error, shown?.fields ?? []), text);
  }
}

function answerFrom(row: QuestionRow | null, option: string | null, params: Json): Json {
  if (!row || row.options.length === 0) return params;
  return row.formSchema === null ? option : { option, form: params };
}

function addressOf(of: {
  readonly id: number;
  readonly taskId: string;
  readonly mapIndex: number;
}): string {
  const address = `/runs/${of.id}/tasks/${of.taskId}`;
  return of.mapIndex < 0 ? address : `${address}/${of.mapIndex}`;
}

interface Attempt {
  readonly sent: Sent;
  readonly problems: Problems;
  readonly error: string | null;
  readonly back: "inbox" | "task";
}

/** The form again, with what was typed and what is wrong. */
async function refused(
  services: WebServices,
  request: Request,
  response: Response,
  row: QuestionRow | null,
  attempt: Attempt,
): Promise<void> {
  response.status(422);
  const token = sessionToken(request);
  const body = row && h(QuestionForm, { ...shownQuestion(row), ...attempt, token });
  await sendPage(services, request, response, { title: "Answer", body });
}
