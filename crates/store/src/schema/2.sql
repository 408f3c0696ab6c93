-- What a lost attempt is known to have cost; a recorded one has it in its trial.
ALTER TABLE attempts ADD COLUMN usd REAL;
