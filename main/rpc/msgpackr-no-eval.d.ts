/** The build of msgpackr that compiles no code at run time, as the content security policy asks. */
declare module 'msgpackr/index-no-eval' {
  export { Packr } from 'msgpackr';
}
