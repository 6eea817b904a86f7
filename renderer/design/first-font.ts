/** The letters that the first picture is measured and drawn with: declared without waiting for a style sheet. */
import letters from '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2?url';

document.fonts.add(new FontFace('Inter Variable', `url(${letters}) format('woff2-variations')`, { weight: '100 900' }));
