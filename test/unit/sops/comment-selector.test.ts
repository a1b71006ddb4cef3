import { describe, expect, test } from "vitest";
import { decrypt, encrypt } from "../../../src/sops/index.ts";
import { KEYS_A, RECIPIENT_A, skeleton } from "../../helpers/sops.ts";

const CLEAR = `# sec
m:
    # sec two
    a: 1
    b: 2
    # other
    c:
        # sec three
        d: 1
        e: 2
    f: 3
n: 3
k:
    # sec
    x: 1
    y: 2
l:
    - 1
    # sec
    - g: 1
      h: 2
    - 3
o: 4
`;

/** What the original makes of it with `--encrypted-comment-regex sec`: of several matching comments the first stays clear. */
const ENCRYPTED = `# sec
m:
    #ENC[comment]
    a: ENC[int]
    b: ENC[int]
    #ENC[comment]
    c:
        #ENC[comment]
        d: ENC[int]
        e: ENC[int]
    f: ENC[int]
"n": 3
k:
    # sec
    x: ENC[int]
    "y": 2
l:
    - 1
    # sec
    - g: ENC[int]
      h: ENC[int]
    - 3
o: 4
`;

describe("comments that select", () => {
  test("speak for the next item and all below it", async () => {
    const selector = { kind: "encrypted_comment_regex", pattern: "sec" } as const;
    const { text } = await encrypt(CLEAR, "yaml", { recipients: [RECIPIENT_A], now: 0, selector });
    expect(skeleton(text).split("sops:\n")[0]).toBe(ENCRYPTED);
    const { clearText } = await decrypt(text, "yaml", KEYS_A);
    expect(clearText.revealText()).toBe(CLEAR.replace("\nn:", '\n"n":').replace("    y:", '    "y":'));
  });

  test("that match themselves stay clear when matches are not to be encrypted", async () => {
    const selector = { kind: "unencrypted_comment_regex", pattern: "sec" } as const;
    const clear = "# sec1\n# x\na: 1\n# x\n# sec2\nb: 2\n# x\nc: 3\n";
    const { text } = await encrypt(clear, "yaml", { recipients: [RECIPIENT_A], now: 0, selector });
    const wanted = "# sec1\n# x\na: 1\n#ENC[comment]\n# sec2\nb: 2\n#ENC[comment]\nc: ENC[int]\n";
    expect(skeleton(text).split("sops:\n")[0]).toBe(wanted);
    expect((await decrypt(text, "yaml", KEYS_A)).clearText.revealText()).toBe(clear);
  });

  test.each(["l:\n  # sec\n  # other\n  - p\n", "l:\n  # sec\n  # sec\n  - p\n", "l:\n  - 1\n  # sec\n  # x\n  - p\n"])(
    "are refused where the original writes what it cannot read: %j",
    async (clear) => {
      const selector = { kind: "encrypted_comment_regex", pattern: "sec" } as const;
      const work = encrypt(clear, "yaml", { recipients: [RECIPIENT_A], now: 0, selector });
      await expect(work).rejects.toMatchObject({ code: "SOPS_COMMENT_CONFLICT" });
    },
  );

  test.each(["l:\n  # sec\n  - p\n", "# sec\nl:\n  # a\n  # b\n  - p\n", "l:\n  # x\n  # sec\n  - p\n"])(
    "and work where it can: %j",
    async (clear) => {
      const selector = { kind: "encrypted_comment_regex", pattern: "sec" } as const;
      const { text } = await encrypt(clear, "yaml", { recipients: [RECIPIENT_A], now: 0, selector });
      expect((await decrypt(text, "yaml", KEYS_A)).clearText.revealText()).toBe(clear.replaceAll("  ", "    "));
    },
  );
});
