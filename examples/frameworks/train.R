# R: how far a car gets with its weight and power, by linear regression. The data ship with R.

model <- lm(mpg ~ wt + hp, mtcars)
print(summary(model))

# Each car as a model without it would judge it: leave-one-out, which lm has in closed form.
left_out <- residuals(model) / (1 - hatvalues(model))
r_squared <- 1 - sum(left_out^2) / sum((mtcars$mpg - mean(mtcars$mpg))^2)
cat(sprintf("R squared %.3f, each car left out once\n", r_squared))

# Only a job with `evaluation` or `output` has this file.
report <- Sys.getenv("SLIPWAY_RESULT_FILE")
if (report != "") cat(sprintf('{"metrics": {"rSquared": %.6f}}', r_squared), file = report)
