import type { Explanation } from "../http/ask-json.ts";
import { type HttpAnswer, jsonObject, textField } from "../http/message.ts";

/** How token endpoints say why not. Source: RFC 6749 §5.2. */
export function explainOauth(answer: HttpAnswer): Explanation {
  const body = jsonObject(answer);
  const name = textField(body, "error");
  // Wrong or expired credentials are a 400 here.
  const code = answer.status === 400 && name !== undefined ? "KEY_SERVICE_DENIED" : undefined;
  return { name, words: textField(body, "error_description"), code };
}
