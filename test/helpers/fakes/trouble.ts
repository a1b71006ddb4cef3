import type { Service, WireAnswer } from "./wire.ts";

/** What services do on bad days, in place of an answer; each is the whole answer to every request. */
export const TROUBLES: Readonly<Record<string, { readonly answer: WireAnswer; readonly code: string }>> = {
  "throttles without end": { answer: { status: 429, body: {} }, code: "KEY_SERVICE_THROTTLED" },
  "fails without end": { answer: { status: 500, body: "<html>oh</html>" }, code: "KEY_SERVICE_FAILED" },
  "is not there today": { answer: { status: 503, body: {} }, code: "KEY_SERVICE_FAILED" },
  "answers nonsense": { answer: { status: 200, body: "<html>hello</html>" }, code: "KEY_SERVICE_BAD_ANSWER" },
  "answers a list": { answer: { status: 200, body: [] }, code: "KEY_SERVICE_BAD_ANSWER" },
  "answers nothing": { answer: { status: 200, body: "" }, code: "KEY_SERVICE_BAD_ANSWER" },
  "answers an empty object": { answer: { status: 200, body: {} }, code: "KEY_SERVICE_BAD_ANSWER" },
  "answers bytes that are no text": {
    answer: { status: 200, body: "\u0000\ufffd" },
    code: "KEY_SERVICE_BAD_ANSWER",
  },
  "points elsewhere": {
    answer: { status: 307, headers: { location: "http://evil.example/" } },
    code: "KEY_SERVICE_BAD_ANSWER",
  },
  "sends a gigabyte": { answer: { status: 200, body: flood() }, code: "KEY_SERVICE_BAD_ANSWER" },
};

const FLOOD_PARTS = 1024 * 16;

/** 64 KiB after the other, up to a gigabyte: whoever reads it all sees the test end in an error. */
function flood(): () => Uint8Array {
  const part = new Uint8Array(65536).fill(0x20);
  let parts = 0;
  return () => {
    if (++parts > FLOOD_PARTS) throw new Error("somebody read a gigabyte");
    return part;
  };
}

/** Trouble for the first `times` requests, then the service. */
export function troubledFirst(times: number, answer: WireAnswer, service: Service): Service {
  let left = times;
  return (request) => (left-- > 0 ? answer : service(request));
}
