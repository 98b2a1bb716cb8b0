// The fonts of pictures, those of the style sheet.

const FAMILY = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

export const LABEL_FONT = `13px ${FAMILY}`;
export const BADGE_FONT = `700 12px ${FAMILY}`;
export const TITLE_FONT = `600 18px ${FAMILY}`;
