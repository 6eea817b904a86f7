/**
 * Shortens what ONNX Runtime says to what helps a person: without its own source paths, function names, error numbers and
 * without the paths of this machine.
 */
export function shortenOrtMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const short = text
    .replaceAll(/\s+/g, ' ')
    .replace(/^(?:Error: )?(?:Can't create a session\. )?(?:ERROR_CODE: \d+, )?(?:ERROR_MESSAGE: )?/, '')
    .replace(/^Error code - ORT_[A-Z_]+ - message: /, '')
    .replace(/^Load model from .*? failed:\s*/, '')
    // "/onnxruntime_src/onnxruntime/core/x.cc:187 onnxruntime::Model::Model(…) " : place in ONNX Runtime's own source
    .replaceAll(
      /(?:Exception during (?:initialization|loading): )?\S*onnxruntime[\w/\\.-]*\.(?:cc|h|cpp):\d+ [^()]*\([^)]*\)(?: const)?(?: \[with [^\]]*\])?\s*/g,
      '',
    )
    .replaceAll(/\b[\w-]+\.(?:cc|h|cpp):\d+ \w+ /g, '')
    .replaceAll(/(?:[A-Za-z]:)?(?:[\\/][^\\/\s"':,]+)+[\\/]([^\\/\s"':,]+\.(?:onnx|data|bin|pb)\b)/g, '$1')
    .replace(/^\S*<lambda\(\)> .*? was false\. /, '')
    // an If around a Loop around a Pad: the innermost says it
    .replace(
      /^(?:Non-zero status code returned while running \S+ node\. Name:'[^']*' Status Message: )+(?=Non-zero)/,
      '',
    )
    .trim();
  return short.length > 500 ? `${short.slice(0, 500)}…` : short || 'no reason given';
}
