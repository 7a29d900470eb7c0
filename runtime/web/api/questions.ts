/** The API's endpoints about questions of tasks to people. */
import type { Request } from "express";
import type { Json } from "../../../sdk/json.ts";
import { needs, visibleTags } from "../http/access.ts";
import { answerOfCaller } from "../http/answering.ts";
import { actionsOfApi } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import * as input from "../http/input/questions.ts";
import type { WebServices } from "../http/services.ts";
import { type QuestionRow, readOpenQuestions } from "../read/read_questions.ts";
import type { Endpoint } from "./endpoint.ts";
import * as answer from "./schemas/questions.ts";

export const QUESTION_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/questions",
    access: needs("dag.read", "listed"),
    summary: "List the open questions of tasks to people, the oldest first",
    query: input.questionsQuery,
    answer: answer.questions,
    run: questions,
  },
  {
    method: "post",
    path: "/runs/{id}/tasks/{taskId}/answer",
    access: needs("question.answer", "run"),
    summary: "Answer a question of a task, now or before it is asked",
    params: input.answerParams,
    body: input.answerBody,
    answer: answer.answered,
    run: answerQuestion,
  },
];

async function questions(services: WebServices, request: Request): Promise<unknown> {
  const query = checked(input.questionsQuery, request.query);
  const visible = visibleTags(request);
  const { questions, next } = await readOpenQuestions(services, { ...query, visible });
  return { questions: questions.map(shownQuestion), next };
}

/** An open question has no answer. */
function shownQuestion({
  answer: _,
  answeredBy: _by,
  answeredAt: _at,
  tags: _tags,
  ...question
}: QuestionRow): Omit<QuestionRow, "answer" | "answeredBy" | "answeredAt" | "tags"> {
  return question;
}

async function answerQuestion(services: WebServices, request: Request): Promise<unknown> {
  const which = checked(input.answerParams, request.params);
  const { value, mapIndex = -1 } = checked(input.answerBody, request.body ?? {});
  const actions = await actionsOfApi(services, request);
  const answer = answerOfCaller(request, { ...which, mapIndex }, value as Json);
  return { resumed: await actions.answerQuestion(services.db, answer) };
}
