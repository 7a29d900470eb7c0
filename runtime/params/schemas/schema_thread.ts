/**
 * The thread that checks values against schemas: first a sign that it is ready, then one
 * answer for each check.
 */
import { parentPort } from "node:worker_threads";
import { errorMessage } from "../../../sdk/error_message.ts";
import { checkValue, type SchemaCheck } from "./check_value.ts";

parentPort?.on("message", (check: SchemaCheck) => parentPort?.postMessage(answerTo(check)));
parentPort?.postMessage("ready");

function answerTo(check: SchemaCheck) {
  try {
    return checkValue(check);
  } catch (error) {
    return { failure: errorMessage(error) };
  }
}
