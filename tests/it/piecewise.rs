//! piecewise
