// Colours programs. The text stays what it is.

import { el } from "./dom.js";

const KEYWORDS = {
  Rust: "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where while",
  Python: "and as assert async await break class continue def del elif else except False finally for from global if import in is lambda match None nonlocal not or pass raise return True try while with yield",
};
const TOKENS = {
  // A lifetime ('a) must not start a string, so a char literal needs its closing quote close by.
  Rust: /(?<comment>\/\/[^\n]*|\/\*[^]*?\*\/)|(?<string>b?r(?<hashes>#*)"[^]*?"\k<hashes>|b?"(?:\\[^]|[^"\\])*"|b?'(?:\\[^']+|[^'\\])')|(?<word>[A-Za-z_]\w*)/g,
  Python: /(?<comment>#[^\n]*)|(?<string>[rbfuRBFU]{0,2}(?:"""[^]*?"""|'''[^]*?'''|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'))|(?<word>[A-Za-z_]\w*)/g,
  shell: /(?<comment>#[^\n]*)|(?<string>'[^']*')/g,
};

function parts(source, language) {
  const keywords = new Set((KEYWORDS[language] ?? "").split(" "));
  const out = [];
  let end = 0;
  for (const token of source.matchAll(TOKENS[language])) {
    const { comment, string, word } = token.groups;
    const kind = comment ? "comment" : string ? "string"
      : keywords.has(word) ? "keyword" : /^[A-Z].*[a-z]/.test(word) ? "name" : null;
    if (!kind) continue;
    out.push(source.slice(end, token.index), el("span", { class: kind }, token[0]));
    end = token.index + token[0].length;
  }
  out.push(source.slice(end));
  return out;
}

export function highlight(code, language) {
  code.replaceChildren(...parts(code.textContent, language));
}
