"""Pictures in words: structure as text, and vision-language models fitted to pictures."""
