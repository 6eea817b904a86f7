/** Colours of the window's surfaces in both themes; plain values, since the first frame is drawn before any style sheet. */
export const SURFACES = {
  light: { window: '#f3f4f6', panel: '#ffffff', raised: '#f8f9fb', border: '#d9dce2', canvas: '#fbfbfc' },
  dark: { window: '#14161b', panel: '#1a1c22', raised: '#22252c', border: '#32363f', canvas: '#15171c' },
} as const;
