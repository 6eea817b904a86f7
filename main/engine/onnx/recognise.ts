/** What a file that is called .onnx may be instead. */
export interface OtherFormat {
  /** Continues "<path> …": "is a JPEG image". */
  readonly what: string;
  readonly hint: string;
}

const CHOOSE = 'Choose an .onnx file.';
const EXPORT_FIRST = 'Export the model to ONNX first.';

interface Magic {
  readonly at: number;
  /** As latin-1 text. */
  readonly bytes: string;
  readonly what: string;
  readonly hint: string;
}

const MAGICS: readonly Magic[] = [
  { at: 0, bytes: '\xff\xd8\xff', what: 'is a JPEG image', hint: CHOOSE },
  { at: 0, bytes: '\x89PNG\r\n\x1a\n', what: 'is a PNG image', hint: CHOOSE },
  { at: 0, bytes: 'GIF8', what: 'is a GIF image', hint: CHOOSE },
  { at: 0, bytes: '%PDF-', what: 'is a PDF document', hint: CHOOSE },
  {
    at: 0,
    bytes: 'PK\x03\x04',
    what: 'is a zip archive (PyTorch files are such)',
    hint: 'Unpack it when a model is inside; export PyTorch models with torch.onnx.export.',
  },
  { at: 0, bytes: '\x1f\x8b', what: 'is a gzip archive', hint: 'Unpack it first.' },
  { at: 0, bytes: '\xfd7zXZ\0', what: 'is an xz archive', hint: 'Unpack it first.' },
  { at: 0, bytes: '7z\xbc\xaf\x27\x1c', what: 'is a 7z archive', hint: 'Unpack it first.' },
  { at: 257, bytes: 'ustar', what: 'is a tar archive', hint: 'Unpack it first.' },
  { at: 4, bytes: 'TFL3', what: 'is a TensorFlow Lite model', hint: 'Convert it with tf2onnx first.' },
  {
    at: 4,
    bytes: 'ORTM',
    what: 'is a model in the runtime’s own ORT format',
    hint: 'Open the .onnx file it was made from.',
  },
  { at: 0, bytes: 'GGUF', what: 'is a GGUF model', hint: EXPORT_FIRST },
  { at: 0, bytes: '\x89HDF\r\n\x1a\n', what: 'is an HDF5 file (Keras models are such)', hint: EXPORT_FIRST },
  { at: 0, bytes: '\x93NUMPY', what: 'is a NumPy array', hint: CHOOSE },
  { at: 0, bytes: '\x7fELF', what: 'is a program', hint: CHOOSE },
];

const LFS: OtherFormat = {
  what: 'is a Git LFS pointer, not the model itself',
  hint: 'Run "git lfs pull" in its repository to fetch the model.',
};

/** Pickle protocols 2 to 5 begin with PROTO and the version, and end with STOP ('.'); then comes an opcode such as '}' or ']'. */
function isPickle(head: Uint8Array): boolean {
  return (
    head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5 && /^[}\](cKJX\x8a\x95G]/.test(String.fromCharCode(head[2] ?? 0))
  );
}

function lookAtText(text: string): OtherFormat | undefined {
  const start = text.trimStart();
  if (/^<(!doctype|html|\?xml|head|body)/i.test(start)) {
    return { what: 'is a web page (or XML)', hint: 'The download gave a page, not the file: download it again.' };
  }
  // No ONNX file begins so: '{' and '[' are tags of groups, which protobuf gave up before ONNX began.
  if (/^[{[]\s*["{[\]}\d-]/.test(start)) return { what: 'is JSON text', hint: CHOOSE };
  return undefined;
}

/**
 * Says what a file is when it is plainly no ONNX model; undefined when it may be one.
 * @param head the first bytes, up to 4096
 * @param size of the whole file
 */
export function lookAt(head: Uint8Array, size: number): OtherFormat | undefined {
  if (size === 0) return { what: 'is empty (0 bytes)', hint: 'The file was not written or downloaded: get it again.' };
  const latin1 = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  if (latin1.startsWith('version https://git-lfs')) return LFS;
  const magic = MAGICS.find(({ at, bytes }) => latin1.startsWith(bytes, at));
  if (magic !== undefined) return magic;
  if (isPickle(head)) return { what: 'is a Python pickle (older PyTorch files are such)', hint: EXPORT_FIRST };
  // Little-endian header length, then JSON.
  if (latin1.startsWith('{"', 8) && latin1.includes('"dtype"')) {
    return { what: 'is a safetensors file: weights without a graph', hint: EXPORT_FIRST };
  }
  if (head.every((byte) => byte === 0)) return { what: 'begins with nothing but zeros', hint: 'Get the file again.' };
  return lookAtText(latin1);
}
