"""Other people's servers, asked politely and safely."""
