"""Lists of articles on pages: found without selectors, read by rules, healed when they break."""
